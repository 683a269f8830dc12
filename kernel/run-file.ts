/** `.helio/run.json`: where the running Helio of this folder listens, so that commands find it. Holds no secret. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface RunFile {
  readonly pid: number;
  readonly startedAtMs: number;
  readonly mcp: string;
  readonly dashboard: string | undefined;
  readonly sideband: string | undefined;
}

const pathOf = (stateDir: string): string => join(stateDir, 'run.json');

export async function writeRunFile(stateDir: string, run: RunFile): Promise<void> {
  await writeFile(pathOf(stateDir), `${JSON.stringify(run)}\n`, { mode: 0o600 });
}

/** Undefined when nothing runs here, or what ran was killed. */
export async function readRunFile(stateDir: string): Promise<RunFile | undefined> {
  try {
    const run = JSON.parse(await readFile(pathOf(stateDir), 'utf8')) as RunFile;
    process.kill(run.pid, 0); // throws when there is no such process
    return run;
  } catch {
    return undefined;
  }
}

/** Removes the file if it is this process's own. */
export async function removeRunFile(stateDir: string): Promise<void> {
  const run = await readRunFile(stateDir);
  if (run?.pid === process.pid) await rm(pathOf(stateDir), { force: true });
}
