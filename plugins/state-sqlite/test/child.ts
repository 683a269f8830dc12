/** Starts process.ts from source and reads its lines. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const loader = new URL('../../../scripts/source.mjs', import.meta.url).href;
const program = fileURLToPath(new URL('./process.ts', import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** Every line said so far: read it when the child has ended. */
  said(): readonly Record<string, unknown>[];
  next(key: string): Promise<Record<string, unknown>>;
  ended: Promise<unknown>;
}

export async function startChild(path: string, mode: 'take' | 'race'): Promise<Child> {
  const child = spawn(process.execPath, ['--conditions=helio-source', '--import', loader, program, path, mode], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const said: Record<string, unknown>[] = [];
  let wake = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(JSON.parse(line) as Record<string, unknown>);
    wake();
  });
  const ended = once(child, 'close');
  let read = 0;
  const started: Child = {
    process: child,
    said() {
      const file = `${path}.said.${child.pid}`;
      const text = readFileSync(file, 'utf8');
      rmSync(file); // another child may get the same id
      const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
      return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    },
    ended,
    async next(key) {
      for (;;) {
        while (read < said.length) {
          const line = said[read++]!;
          if (key in line) return line;
        }
        await Promise.race([
          new Promise<void>((resolve) => (wake = resolve)),
          ended.then(() => Promise.reject(new Error('the child ended'))),
        ]);
      }
    },
  };
  await started.next('open');
  return started;
}
