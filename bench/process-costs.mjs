/** What is measured once and not against the baseline: start times and memory. */
import { execFileSync } from 'node:child_process';
import { cli, startHelioProcess } from '../scripts/helio-process.mjs';
import { median } from './median.mjs';
import { cores, memoryMb } from './processes.mjs';
import { calls, variants } from './variants.mjs';

/** Milliseconds from the start of the command to its first answered call, and of `helio --version`; medians of five. */
export async function measureStart(upstream) {
  const starts = [];
  const versions = [];
  for (let round = 0; round < 5; round += 1) {
    const startedAtMs = performance.now();
    const helio = await startHelioProcess(variants.relaxed.yaml(upstream));
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const answer = await fetch(helio.mcp, { method: 'POST', headers, body: calls.read.body.replace('{{n}}', '1') });
    await answer.text();
    starts.push(performance.now() - startedAtMs);
    await helio.stop();
    const askedAtMs = performance.now();
    execFileSync(process.execPath, [cli, '--version']);
    versions.push(performance.now() - askedAtMs);
  }
  return { firstAnswerMs: median(starts), versionMs: median(versions) };
}

/** Resident memory idle, and after 100,000 calls (10,000 in a quick run). */
export async function measureMemory(upstream, load, quick) {
  const helio = await startHelioProcess(variants.relaxed.yaml(upstream), { prefix: cores.proxy });
  try {
    const idleMb = memoryMb(helio.pid);
    const amount = quick ? 10_000 : 100_000;
    await load.run({ url: helio.mcp, c: 16, calls: amount / 10, ...calls.small });
    const warmMb = memoryMb(helio.pid);
    await load.run({ url: helio.mcp, c: 16, calls: amount, ...calls.small });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    return { idleMb, warmMb, loadedMb: memoryMb(helio.pid), loadedCalls: amount };
  } finally {
    await helio.stop();
  }
}
