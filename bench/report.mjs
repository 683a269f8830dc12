/** Medians, ratios and noise of a run, the table that people read, and the targets beside them. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { median } from './median.mjs';
import { checkTargets, thousands } from './targets.mjs';

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
  return { ...run, rows, targets: checkTargets(rows, run.pieces) };
}

const number = (value, digits = 2) => (value === undefined ? '-' : value.toFixed(digits));

export function markdown({ machine, measuredAt, rounds, seconds, pinned, rows, pieces, targets, failures }) {
  const lines = [
    `Measured ${measuredAt.slice(0, 10)}: ${machine}; ${rounds} interleaved rounds of ${seconds} s, medians; ${pinned ? 'the proxy alone on one core' : 'not pinned'}.`,
    '',
    ...failures.map(({ piece, error }) => `**${piece} could not be measured:** ${error}\n`),
  ];
  if (targets.length > 0) {
    lines.push('| target | measured | wanted | |', '|---|---|---|---|');
    for (const { what, measured, target, met, unit } of targets)
      lines.push(
        `| ${what} | ${number(measured, unit === ' B' ? 0 : 2)}${unit} | ${target} | ${met ? 'met' : '**missed**'} |`,
      );
    lines.push('');
  }
  if (rows.length > 0) lines.push(...loadTable(rows), '');
  lines.push(...piecesText(pieces));
  return `${lines.join('\n').trimEnd()}\n`;
}

function loadTable(rows) {
  return [
    'Ratio: throughput against the plain pass-through (node:http + undici) in the same round. Noise: half the spread of the rounds.',
    '',
    '| proxy | calls | c | ratio | per second | p50 ms | p99 ms | main-thread CPU us/call | all threads us/call | noise |',
    '|---|---|---|---|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.proxy} | ${row.call} | ${row.c} | ${number(row.ratio)} | ${number(row.perSecond, 0)} | ${number(row.p50Ms)} | ${number(row.p99Ms)} | ${number(row.mainCpuUs, 0)} | ${number(row.cpuUs, 0)} | ${number(row.noise * 100, 0)} % |${row.wrong ? ` **${row.wrong} wrong answers: ${row.firstWrong}** |` : ''}`,
    ),
  ];
}

/** What each piece found beyond its targets, a line each. */
function piecesText({ start, memory, evidence, approvals, audit, 'policy-rules': policyRules }) {
  const line = (text) => [`- ${text}`];
  return [
    ...(start
      ? line(
          `Start: the first call is answered after ${number(start.firstAnswerMs, 0)} ms; \`helio --version\` takes ${number(start.versionMs, 0)} ms.`,
        )
      : []),
    ...(memory
      ? line(
          `Memory: ${number(memory.idleMb, 0)} MB idle, ${number(memory.warmMb, 0)} MB after ${thousands(memory.loadedCalls / 10)} calls, ${number(memory.loadedMb, 0)} MB after ${thousands(memory.loadedCalls)} more.`,
        )
      : []),
    ...(evidence ?? []).flatMap(({ sessions, bytesEach, storedBytesEach, fewUs, manyUs }) =>
      line(
        `Evidence of ${thousands(sessions)} sessions: ${number(bytesEach, 0)} B of memory and ${number(storedBytesEach, 0)} B on disk each; a call that stands on it takes ${number(manyUs, 0)} us at c=16, with 100 sessions ${number(fewUs, 0)} us.`,
      ),
    ),
    ...(approvals
      ? line(
          `${thousands(approvals.pending)} pending approvals: the inbox opens in ${number(approvals.listMs, 1)} ms, a yes takes ${number(approvals.approveMs, 1)} ms, other calls ${number(approvals.callUs.after, 0)} us (without tickets ${number(approvals.callUs.before, 0)} us).`,
        )
      : []),
    ...(audit
      ? line(
          `The trail at ${thousands(audit.rows)} rows: ${number(audit.fullUs, 1)} us of CPU per insert (empty: ${number(audit.emptyUs, 1)} us); the ten usual queries take ${number(Math.min(...audit.queries.map(({ medianMs }) => medianMs)), 1)} to ${number(Math.max(...audit.queries.map(({ medianMs }) => medianMs)), 1)} ms, facets ${number(audit.facetsMs, 0)} ms, verifying ${number(audit.verifyUs, 1)} us a row.`,
        )
      : []),
    ...(policyRules
      ? line(
          `A judgement: ${policyRules.map(({ rules, callNs }) => `${number(callNs / 1000)} us with ${thousands(rules)} rules`).join(', ')}.`,
        )
      : []),
  ];
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
