/**
 * `npm run bench`: what Helio costs, as ratios against a plain pass-through proxy in one interleaved run, and the pieces of
 * it: start, memory, evidence, approvals, audit, policy-rules.
 *
 *   node scripts/bench.mjs [--quick] [--rounds N] [--only TEXT]... [--write] [--peer "CMD" --peer-url URL]
 *
 * --quick    one short round, to see that it works      --only   the rows and pieces whose name contains TEXT
 * --write    puts the tables into docs/performance.md   --peer   another proxy beside it, started by CMD; `{upstream}`
 *                                                                in CMD becomes the upstream's URL
 * Writes bench/results.json after every part: what fails is told and costs no other's figures. Exit codes: 0 measured,
 * 1 a proxy gave a wrong answer or a part could not be measured, 2 usage.
 */
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pieces } from '../bench/pieces.mjs';
import { cores, cpuSeconds, startLoad, startProgram } from '../bench/processes.mjs';
import { markdown, summarise, writeDocs } from '../bench/report.mjs';
import { calls, variants } from '../bench/variants.mjs';
import { cli, startHelioProcess } from './helio-process.mjs';
import { root } from './prepare.mjs';

const { values: flags } = readFlags();
const rounds = Number(flags.rounds ?? (flags.quick ? 1 : 5));
const seconds = flags.quick ? 0.5 : 2;
const warmUpSeconds = flags.quick ? 0.3 : 1;
const isWanted = (name) => !flags.only || flags.only.some((text) => name.includes(text));

/** One row: which proxy gets which calls at which concurrency. */
const allRows = [
  ...[1, 16, 64].map((c) => ({ proxy: 'pass', call: 'small', c })),
  ...['relaxed', 'strict', 'fsync'].flatMap((proxy) => [1, 16, 64].map((c) => ({ proxy, call: 'small', c }))),
  ...['relaxed', 'strict'].map((proxy) => ({ proxy, call: 'read', c: 1 })),
  ...[16, 64].flatMap((c) => ['pass', 'relaxed', 'summary'].map((proxy) => ({ proxy, call: 'large', c }))),
  ...[16, 64].map((c) => ({ proxy: 'relaxed', call: 'denied', c })),
  ...['rules10', 'rules1000', 'rules10000'].map((proxy) => ({ proxy, call: 'small', c: 16 })),
  ...(flags['peer-url'] ? [1, 16, 64].map((c) => ({ proxy: 'peer', call: 'small', c })) : []),
].map((row) => ({ ...row, name: `${row.proxy} ${row.call} c=${row.c}` }));

process.exitCode = await main();

function readFlags() {
  const [flag, text, many] = [{ type: 'boolean' }, { type: 'string' }, { type: 'string', multiple: true }];
  try {
    return parseArgs({ options: { quick: flag, write: flag, rounds: text, only: many, peer: text, 'peer-url': text } });
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

async function main() {
  const built = existsSync(cli);
  if (!built) process.stderr.write('Helio is not built: only the baseline is measured\n');
  const results = {
    machine: `${cpus().length} x ${cpus()[0].model.trim()}, Linux ${release()}, Node ${process.versions.node}`,
    measuredAt: new Date().toISOString(),
    rounds,
    seconds,
    pinned: cores.proxy.length > 0,
    samples: [],
    pieces: {},
    failures: [],
  };
  const upstream = await startProgram('upstream.mjs', { prefix: cores.rest });
  const load = startLoad();
  let summary;
  /** Runs one part; a part that fails is told, and what the others found is kept. */
  async function part(name, run) {
    const startedAtMs = performance.now();
    try {
      await run();
      process.stderr.write(`${name}: ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s\n`);
    } catch (error) {
      results.failures.push({ piece: name, error: error.message });
      process.stderr.write(`${name} FAILED: ${error.message}\n`);
    }
    summary = summarise(results);
    writeFileSync(join(root, 'bench/results.json'), `${JSON.stringify(summary, null, 2)}\n`);
  }
  try {
    const rows = allRows.filter(({ name, proxy }) => isWanted(name) && (built || proxy === 'pass' || proxy === 'peer'));
    if (rows.length > 0)
      await part('load', async () => {
        results.samples = await measureLoad(withBaseline(rows), upstream.url, load, results.failures);
      });
    for (const { name, run } of built ? pieces : []) {
      if (!isWanted(name)) continue;
      await part(name, async () => {
        results.pieces[name] = await run({ upstream: upstream.url, load, quick: flags.quick, root });
      });
    }
  } finally {
    await load.stop();
    await upstream.stop();
  }
  if (summary === undefined) {
    process.stderr.write(`nothing is called ${flags.only.join(' or ')}\n`);
    return 2;
  }
  process.stdout.write(markdown(summary));
  if (flags.write) writeDocs(join(root, 'docs/performance.md'), summary);
  const isWrong = summary.rows.some(({ wrong }) => wrong > 0) || results.pieces.evidence?.some(({ wrong }) => wrong);
  return isWrong || summary.failures.length > 0 ? 1 : 0;
}

/** The rows, and those of the pass-through that they are divided by. */
function withBaseline(rows) {
  return allRows.filter(
    (row) => rows.includes(row) || (row.proxy === 'pass' && rows.some((one) => isBaseOf(row, one))),
  );
}
function isBaseOf(pass, row) {
  return pass.c === row.c && pass.call === (row.call === 'large' ? 'large' : 'small');
}

async function measureLoad(rows, upstream, load, failures) {
  const proxies = new Map();
  try {
    for (const name of new Set(rows.map(({ proxy }) => proxy))) {
      try {
        proxies.set(name, await startProxy(name, upstream));
      } catch (error) {
        failures.push({ piece: name, error: error.message });
      }
    }
    return await measure(
      rows.filter(({ proxy }) => proxies.has(proxy)),
      proxies,
      load,
    );
  } finally {
    for (const proxy of proxies.values()) await proxy.stop();
  }
}

async function startProxy(name, upstream) {
  if (name === 'pass') return startProgram('pass-through.mjs', { env: { UPSTREAM: upstream }, prefix: cores.proxy });
  if (name === 'peer') return startPeer(upstream);
  const helio = await startHelioProcess(variants[name].yaml(upstream), { prefix: cores.proxy });
  return { mcp: helio.mcp, pid: helio.pid, stop: () => helio.stop() };
}

/** The peer answers when its URL does; it is stopped with its process group. */
async function startPeer(upstream) {
  const url = flags['peer-url'];
  if (!flags.peer) return { mcp: url, pid: undefined, stop: async () => undefined };
  const [command, ...args] = [...cores.proxy, 'sh', '-c', `exec ${flags.peer.replaceAll('{upstream}', upstream)}`];
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  for (let tries = 0; tries < 100; tries += 1) {
    const answered = await fetch(url, { method: 'POST', body: '{}' }).then(
      () => true,
      () => false,
    );
    if (answered) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    mcp: url,
    pid: child.pid,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      process.kill(-child.pid, 'SIGTERM');
      await gone;
    },
  };
}

/** Every round visits every row once, in an order that turns by one each round, so that a slow minute hits all alike. */
async function measure(wanted, proxies, load) {
  const samples = wanted.map((row) => ({ row, runs: [] }));
  for (const [name, proxy] of proxies) {
    const call = calls[wanted.find((row) => row.proxy === name).call];
    await load.run({ url: proxy.mcp, c: 16, seconds: warmUpSeconds, ...call });
  }
  for (let round = 0; round < rounds; round += 1) {
    process.stderr.write(`round ${round + 1} of ${rounds}\n`);
    for (let at = 0; at < samples.length; at += 1) {
      const { row, runs } = samples[(at + round * 5) % samples.length];
      const proxy = proxies.get(row.proxy);
      const before = cpuSeconds(proxy.pid);
      const run = await load.run({ url: proxy.mcp, c: row.c, seconds, ...calls[row.call] });
      const after = cpuSeconds(proxy.pid);
      const perCall = (part) => (before && after ? ((after[part] - before[part]) / run.calls) * 1e6 : undefined);
      runs.push({ ...run, mainCpuUs: perCall('main'), cpuUs: perCall('all') });
    }
  }
  return samples;
}
