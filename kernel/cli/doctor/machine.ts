/** What `helio doctor` looks at outside helio.yaml: Node, SQLite, folders, ports, the clock. */
import { mkdirSync, rmSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { isLoopback } from '../../mcp/config.ts';
import type { DoctorFinding, Json, JsonObject } from '../../plugin.ts';
import type { RunFile } from '../../run-file.ts';
import { openDatabase } from '../../sqlite.ts';

const leastNode = [20, 19] as const;

export function node(version: string = process.versions.node): DoctorFinding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const fits = major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1]);
  if (fits) return { state: 'ok', text: `Node ${version}` };
  return { state: 'fail', text: `Node ${version} is too old`, fix: `install Node ${leastNode.join('.')} or newer` };
}

/** Writes, reads and removes a database of its own in `.helio/`. */
export function sqlite(stateDir: string): readonly DoctorFinding[] {
  const path = join(stateDir, `doctor-${process.pid}.db`);
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const database = openDatabase(path);
    try {
      database.exec('CREATE TABLE probe (n INTEGER)');
      database.prepare('INSERT INTO probe VALUES (?)').run(1);
      const mode = database.prepare('PRAGMA journal_mode').get<{ journal_mode: string }>()?.journal_mode;
      const driver: DoctorFinding =
        database.driver === 'better-sqlite3'
          ? { state: 'ok', text: 'SQLite by better-sqlite3' }
          : { state: 'warn', text: `SQLite by ${database.driver}, which is slower`, fix: 'npm install better-sqlite3' };
      const wal: DoctorFinding =
        mode === 'wal'
          ? { state: 'ok', text: `${stateDir} can be written, in WAL mode` }
          : {
              state: 'fail',
              text: `${stateDir} gives no WAL mode`,
              fix: 'keep .helio/ on a local disk, not a network one',
            };
      return [driver, wal];
    } finally {
      database.close();
    }
  } catch (error) {
    const reason = String((error as Error).message).split('\n')[0]!;
    return [
      { state: 'fail', text: `no database can be written in ${stateDir}: ${reason}`, fix: 'let this user write there' },
    ];
  } finally {
    for (const tail of ['', '-wal', '-shm']) rmSync(path + tail, { force: true });
  }
}

/** Ports that `helio start` would take. */
export async function ports(tree: JsonObject, run: RunFile | undefined): Promise<readonly DoctorFinding[]> {
  const wanted = [
    ['listen', 3000, run?.mcp],
    ['dashboard', 3100, run?.dashboard],
    ['sdk', 3200, run?.sideband],
  ] as const;
  const found = wanted.map(async ([section, fallback, running]): Promise<readonly DoctorFinding[]> => {
    const {
      port = fallback,
      host = '127.0.0.1',
      enabled,
      allow_remote: isMeant,
    } = asObject(tree[section]) as {
      port?: number;
      host?: string;
      enabled?: boolean;
      allow_remote?: boolean;
    };
    if (enabled === false || port === 0) return [];
    const remote: readonly DoctorFinding[] =
      isMeant && !isLoopback(host)
        ? [
            {
              state: 'warn',
              text: `${section}: other machines can reach ${host}:${port}`,
              fix: 'use 127.0.0.1 unless that is meant',
            },
          ]
        : [];
    if (running !== undefined && running.includes(`:${port}`))
      return [
        ...remote,
        { state: 'ok', text: `${section}: the running Helio (process ${run!.pid}) listens on ${port}` },
      ];
    if (await isFree(host, port)) return [...remote, { state: 'ok', text: `${section}: port ${port} is free` }];
    const isAsked = tree[section] !== undefined || section === 'listen';
    return [
      ...remote,
      {
        state: isAsked ? 'fail' : 'warn',
        text: `${section}: port ${port} is taken`,
        fix: `stop what listens there, or set ${section}.port`,
      },
    ];
  });
  return (await Promise.all(found)).flat();
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host: host.replace(/^\[|\]$/g, ''), port }, () => server.close(() => done(true)));
  });
}

const toleranceMs = 60_000;

/** Windows, retention and approvals count on it: nothing that was written may lie in the future. */
export async function clock(stateDir: string, nowMs: number = Date.now()): Promise<DoctorFinding> {
  const names = await readdir(stateDir).catch(() => []);
  const times = await Promise.all(
    names.map(async (name) => (await stat(join(stateDir, name)).catch(() => undefined))?.mtimeMs ?? 0),
  );
  const aheadMs = Math.max(0, ...times) - nowMs;
  if (aheadMs > toleranceMs)
    return {
      state: 'fail',
      text: `the clock went back: files in .helio/ are ${Math.round(aheadMs / 1000)} s ahead of it`,
      fix: 'set the clock (NTP)',
    };
  return { state: 'ok', text: `it is ${new Date(nowMs).toISOString()}` };
}

const asObject = (value: Json | undefined): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
