/** What is measured beside the load: each piece by itself, so that one that fails takes no other's figures with it. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { measureEvidence } from './evidence.mjs';
import { measureMemory, measureStart } from './process-costs.mjs';

const sourceLoader = ['--conditions=helio-source', '--import', './scripts/source.mjs'];
const longestMs = 5 * 60_000;

/** `run` gets the upstream's url, the load generator, whether to be quick, and the repository's folder. */
export const pieces = [
  { name: 'start', run: ({ upstream }) => measureStart(upstream) },
  { name: 'memory', run: ({ upstream, load, quick }) => measureMemory(upstream, load, quick) },
  {
    name: 'evidence',
    run: ({ upstream, load, quick }) =>
      measureEvidence(upstream, load, quick ? { steps: [500, 2_000], rounds: 1, seconds: 0.5 } : {}),
  },
  { name: 'approvals', run: ({ quick, root }) => program(root, 'approvals.ts', quick ? ['500'] : []) },
  { name: 'audit', run: ({ quick, root }) => program(root, 'audit.ts', quick ? ['100000'] : []) },
  { name: 'policy-rules', run: ({ quick, root }) => program(root, 'policy-rules.ts', quick ? ['20000'] : []) },
];

/** Runs one of the programs that measure a part in process, from the sources; it prints JSON. */
async function program(root, name, args) {
  const child = spawn(process.execPath, [...sourceLoader, join('bench', name), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const late = setTimeout(() => child.kill('SIGKILL'), longestMs);
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (out += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (said = (said + chunk).slice(-2_000)));
  const { code, signal } = await new Promise((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  clearTimeout(late);
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`bench/${name} ended with ${code ?? signal} and without a result: ${errorIn(said)}`);
  }
}

/** The line that says what went wrong, without the stack: it stands in a table that is published. */
function errorIn(said) {
  const lines = said.trim().split('\n');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? (lines.at(-1) || 'it said nothing');
}
