/** One round: start a Helio, let it answer so many calls, kill it with -9, look at what it left. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url));

export async function runAndKill(folder: string, name: string, answers: number) {
  const child = spawn(
    process.execPath,
    [
      '--conditions=helio-source',
      '--import',
      `${root}scripts/source.mjs`,
      `${root}plugins/audit/test/killed.ts`,
      folder,
      name,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const reached = new Set<string>();
  const answered = new Set<string>();
  let errors = '';
  child.stderr.on('data', (text) => (errors += text));
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, n] = line.split(' ') as [string, string];
    (what === 'reached' ? reached : answered).add(n);
    if (answered.size === answers) child.kill('SIGKILL'); // and read on: what it still said, it did
  }
  await exited;
  if (answered.size < answers) throw new Error(`the child ended early: ${errors}`);
  return { reached, answered };
}
