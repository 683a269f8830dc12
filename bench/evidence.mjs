/**
 * What sessions with evidence cost: one Helio with few of them and one with many, the same calls through both in turn.
 * Every session has looked up an order; the measured call is judged by that evidence, value for value.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { startHelioProcess } from '../scripts/helio-process.mjs';
import { median } from './median.mjs';
import { cores, memoryMb } from './processes.mjs';

const fewSessions = 100;
const settleMs = 1_000;
const yaml = (upstream) => `version: '1'
upstream: { url: '${upstream}' }
listen: { port: 0 }
plugins: [policy, identity, state-sqlite, evidence, feedback]
evidence: { ttl: 1h }
policies:
  default: allow
  rules:
    - match: { tool: refund_order }
      evidence: { requires: [{ name: lookup_order, where: { '$.order_id': { equals_input: '$.order_id' } } }] }
`;
const call = (name) => ({
  body: `{"jsonrpc":"2.0","id":{{n}},"method":"tools/call","params":{"name":"${name}","arguments":{"order_id":"A-17"}}}`,
});
const lookup = { ...call('lookup_order'), expect: '"total":120.5' };
const refund = { ...call('refund_order'), expect: 'The quick brown fox' };

/** `steps`: numbers of sessions, growing. One line per step: memory per session, and time per call against the few. */
export async function measureEvidence(upstream, load, { steps = [10_000, 100_000], rounds = 5, seconds = 2 } = {}) {
  const few = await startHelioProcess(yaml(upstream), { prefix: cores.proxy });
  const many = await startHelioProcess(yaml(upstream), { prefix: cores.proxy });
  try {
    const look = (helio, sessions, calls) => load.run({ url: helio.mcp, c: 16, sessions, calls, ...lookup });
    const judge = (helio, sessions) => load.run({ url: helio.mcp, c: 16, sessions, seconds, ...refund });
    for (const helio of [few, many]) await look(helio, fewSessions, 20 * fewSessions);

    const results = [];
    for (const sessions of steps) {
      const filled = await look(many, sessions, sessions);
      // The same number of calls: what calls alone make a process grow by is not what its sessions cost.
      await look(few, fewSessions, sessions);
      const [fewMb, manyMb] = [await settled(few), await settled(many)];
      const runs = [];
      for (let round = 0; round < rounds; round += 1) {
        const pair = round % 2 ? [few, many] : [many, few];
        const run = {};
        for (const helio of pair)
          run[helio === few ? 'few' : 'many'] = await judge(helio, helio === few ? fewSessions : sessions);
        runs.push(run);
      }
      const wrong = [filled, ...runs.flatMap(({ few: one, many: other }) => [one, other])].find((run) => run.wrong > 0);
      results.push({
        sessions,
        fewMb,
        manyMb,
        bytesEach: manyMb === undefined ? undefined : ((manyMb - fewMb) * 1024 * 1024) / sessions,
        storedBytesEach: ((storeMb(many) - storeMb(few)) * 1024 * 1024) / sessions,
        fewUs: median(runs.map((run) => 1e6 / run.few.perSecond)),
        manyUs: median(runs.map((run) => 1e6 / run.many.perSecond)),
        ratio: median(runs.map((run) => run.few.perSecond / run.many.perSecond)),
        ...(wrong && { wrong: wrong.firstWrong }),
      });
    }
    return results;
  } finally {
    await few.stop();
    await many.stop();
  }
}

async function settled(helio) {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return memoryMb(helio.pid);
}

function storeMb({ folder }) {
  return statSync(join(folder, '.helio', 'state.db')).size / 1024 / 1024;
}
