/** Medians, ratios and noise of a run, the table that people read, and the targets beside them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted.length % 2
    ? sorted[(sorted.length - 1) / 2]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
};

export function summarise({ samples, ...run }) {
  const rows = samples.map(({ row, runs }) => {
    const of = (key) => (runs.some((one) => one[key] === undefined) ? undefined : median(runs.map((one) => one[key])));
    const rates = runs.map(({ perSecond }) => perSecond);
    return {
      ...row,
      perSecond: of('perSecond'),
      p50Ms: of('p50Ms'),
      p99Ms: of('p99Ms'),
      mainCpuUs: of('mainCpuUs'),
      cpuUs: of('cpuUs'),
      // Half the spread between the slowest and the fastest round, as a share of the median.
      noise: (Math.max(...rates) - Math.min(...rates)) / 2 / median(rates),
      wrong: runs.reduce((sum, one) => sum + one.wrong, 0),
      firstWrong: runs.find((one) => one.firstWrong)?.firstWrong,
      perRound: rates,
    };
  });
  // Ratios are medians of the ratios of the same round: a slow minute is then in both.
  for (const row of rows) {
    const base = rows.find(
      (one) => one.proxy === 'pass' && one.c === row.c && one.call === (row.call === 'large' ? 'large' : 'small'),
    );
    if (!base) continue;
    row.ratio = median(row.perRound.map((rate, at) => rate / base.perRound[at]));
    row.addedMs = row.p50Ms - base.p50Ms;
    row.p99Ratio = row.p99Ms / base.p99Ms;
    if (row.mainCpuUs !== undefined) row.cpuRatio = row.mainCpuUs / base.mainCpuUs;
  }
  return { ...run, rows, targets: checkTargets(rows, run.costs) };
}

function checkTargets(rows, costs) {
  const find = (name) => rows.find((row) => row.name === name);
  const targets = [];
  const add = (what, value, limit, isAtLeast, unit = '') => {
    if (value === undefined || Number.isNaN(value)) return;
    const met = isAtLeast ? value >= limit : value <= limit;
    targets.push({ what, measured: value, target: `${isAtLeast ? '>=' : '<='} ${limit}${unit}`, met, unit });
  };
  for (const [proxy, call, limits] of [
    ['relaxed', 'small', { 16: 1, 64: 1 }],
    ['strict', 'small', { 16: 0.85, 64: 0.85 }],
    ['fsync', 'small', { 16: 0.7, 64: 0.85 }],
    ['relaxed', 'large', { 16: 0.5, 64: 0.5 }],
    ['summary', 'large', { 16: 1, 64: 1 }],
    ['relaxed', 'denied', { 16: 1, 64: 1 }],
  ]) {
    for (const [c, limit] of Object.entries(limits)) {
      add(`throughput: ${proxy}, ${call}, c=${c}`, find(`${proxy} ${call} c=${c}`)?.ratio, limit, true);
    }
  }
  for (const c of [16, 64])
    add(`CPU per call, main thread, c=${c}`, find(`relaxed small c=${c}`)?.cpuRatio, 1.1, false);
  add('added median, relaxed, a read, c=1', find('relaxed read c=1')?.addedMs, 0.3, false, ' ms');
  add('added median, strict, a read, c=1', find('strict read c=1')?.addedMs, 1.5, false, ' ms');
  add('added median, strict, with reservations, c=1', find('strict small c=1')?.addedMs, 3, false, ' ms');
  add('p99 against the pass-through, c=16', find('relaxed small c=16')?.p99Ratio, 2, false);
  const [few, many, most] = ['rules10', 'rules1000', 'rules10000'].map((name) => find(`${name} small c=16`));
  const slower = (row) => (row && few ? median(few.perRound.map((rate, at) => rate / row.perRound[at])) : undefined);
  add('1,000 rules against 10, time per call', slower(many), 1.1, false);
  if (slower(most))
    targets.push({
      what: '10,000 rules against 10, time per call',
      measured: slower(most),
      target: 'told, no target',
      met: true,
      unit: '',
    });
  add('start to first answer', costs.firstAnswerMs, 1500, false, ' ms');
  add('helio --version', costs.versionMs, 150, false, ' ms');
  add('memory, idle', costs.idleMb, 130, false, ' MB');
  if (costs.loadedMb)
    add(`memory growth after ${costs.loadedCalls} calls`, costs.loadedMb - costs.warmMb, 30, false, ' MB');
  return targets;
}

const number = (value, digits = 2) => (value === undefined ? '-' : value.toFixed(digits));

export function markdown({ machine, measuredAt, rounds, seconds, pinned, rows, targets }) {
  const lines = [
    `Measured ${measuredAt.slice(0, 10)}: ${machine}; ${rounds} interleaved rounds of ${seconds} s, medians; ${pinned ? 'the proxy alone on one core' : 'not pinned'}.`,
    'Ratio = throughput against the plain pass-through (node:http + undici) in the same round. Noise = half the spread of the rounds.',
    '',
    '| proxy | calls | c | ratio | per second | p50 ms | p99 ms | main-thread CPU us/call | all threads us/call | noise |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.proxy} | ${row.call} | ${row.c} | ${number(row.ratio)} | ${number(row.perSecond, 0)} | ${number(row.p50Ms)} | ${number(row.p99Ms)} | ${number(row.mainCpuUs, 0)} | ${number(row.cpuUs, 0)} | ${number(row.noise * 100, 0)} % |${row.wrong ? ` **${row.wrong} wrong answers: ${row.firstWrong}** |` : ''}`,
    ),
    '',
  ];
  if (targets.length > 0) {
    lines.push('| target | measured | wanted | |', '|---|---|---|---|');
    for (const { what, measured, target, met, unit } of targets) {
      lines.push(`| ${what} | ${number(measured)}${unit} | ${target} | ${met ? 'met' : '**missed**'} |`);
    }
    lines.push('');
  }
  return `${lines.join('\n')}\n`;
}

const [opening, closing] = ['<!-- bench: written by npm run bench -- --write -->', '<!-- /bench -->'];

/** Replaces what stands between the markers; adds them at the end of a page that has none. */
export function writeDocs(path, results) {
  const page = existsSync(path) ? readFileSync(path, 'utf8') : '# Performance\n\n';
  const block = `${opening}\n\n${markdown(results)}\n${closing}`;
  const [from, to] = [page.indexOf(opening), page.indexOf(closing)];
  writeFileSync(
    path,
    from >= 0 && to > from
      ? page.slice(0, from) + block + page.slice(to + closing.length)
      : `${page.trimEnd()}\n\n${block}\n`,
  );
}
