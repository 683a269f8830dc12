/** `helio stdio`: Helio in the place of the server that a desktop client starts. Stdout is for the protocol alone. */
import { Console } from 'node:console';
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { constants, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { formatPath, formatPlace } from '../../config/explain.ts';
import { exitCodes, helioError, isHelioError, type LocatedProblem } from '../../errors.ts';
import { isError } from '../../generation.ts';
import { createLog } from '../../log.ts';
import { createErrorDoor, createStdioDoor } from '../../mcp/doors/stdio.ts';
import type { ListenConfig } from '../../mcp/config.ts';
import { onChildExit, signalChildren } from '../../mcp/upstreams/child.ts';
import { watch, watchAnyway } from '../../watchdog.ts';
import { startProxy, type Proxy } from '../../proxy.ts';
import { configPathOf } from '../config-path.ts';
import { catchStrayErrors } from '../stray-errors.ts';
import { parseUsage, type ParsedUsage } from '../usage.ts';
import { namedUpstream, wrappedUpstream } from '../wrapped.ts';

/** So that what the child's end made of its open calls is told before Helio goes too. */
const lastWordsMs = 200;

export async function run(args: readonly string[]): Promise<number> {
  const split = args.indexOf('--');
  const wrapped = split < 0 ? undefined : args.slice(split + 1);
  const usage = parseUsage(split < 0 ? args : args.slice(0, split), (command) =>
    command
      .name('helio stdio')
      .usage('[options] [-- COMMAND ARGS...]')
      .description(
        'Serves one client on stdin and stdout, in front of COMMAND or of the upstream of helio.yaml.\n' +
          'Without a helio.yaml, only what reads passes (~/.helio/stdio/helio.yaml).',
      )
      .option('--name <name>', 'what rules call the upstream; without COMMAND: which one of upstreams'),
  );
  if (usage === undefined) return exitCodes.ok;
  if (wrapped?.length === 0)
    throw helioError('HELIO_CLI_USAGE', { detail: 'no command stands behind --', command: 'helio stdio' });
  globalThis.console = new Console(process.stderr); // a plugin that prints would break the protocol

  const end = whenToldToStop();
  let proxy: Proxy | undefined;
  const log = createLog();
  watch(process.stderr.isTTY === true);
  catchStrayErrors(() => proxy?.generation().plugins ?? [], log);
  try {
    const name = usage.options['name'] as string | undefined;
    proxy = await startProxy({
      configPath: await whichConfig(usage, wrapped !== undefined),
      env: process.env,
      log,
      doors: 'none',
      hotReload: true,
      override: (file) =>
        wrapped !== undefined
          ? wrappedUpstream(file, wrapped, name)
          : name !== undefined
            ? namedUpstream(file, name)
            : file,
    });
  } catch (error) {
    return sayWhy(error, end);
  }
  watchAnyway();
  return serve(proxy, end);
}

async function serve(proxy: Proxy, end: Promise<number>): Promise<number> {
  const { body_limit: messageLimitBytes } = proxy.generation().kernelSections['listen'] as ListenConfig;
  const only = proxy.doors.upstream();
  if (only === undefined) return sayWhy(new Error('helio.yaml names no upstream'), end);
  const door = createStdioDoor({
    relay: proxy.doors.relay,
    upstream: () => proxy.doors.upstream() ?? only,
    input: process.stdin,
    output: process.stdout,
    log: createLog(),
    messageLimitBytes,
  });
  // One server, one process: when it goes, so does this one. Among several, one that ends leaves the others.
  const served = new Promise<number>((done) => {
    if (!only.isMerged) onChildExit((exitCode) => void setTimeout(() => done(exitCode), lastWordsMs));
  });
  const exitCode = await Promise.race([door.closed.then(() => exitCodes.ok), served, end]);
  await proxy.stop();
  process.stdin.destroy();
  return exitCode;
}

/** Stays up and answers everything with the reason: the host shows it, and nothing gets through. */
async function sayWhy(error: unknown, end: Promise<number>): Promise<number> {
  const reason = reasonOf(error);
  process.stderr.write(`helio: ${reason}\n`);
  if (process.env['HELIO_LOG'] === 'debug') process.stderr.write(`${String((error as Error)?.stack)}\n`);
  const code = isHelioError(error) ? error.exitCode : exitCodes.failure;
  const door = createErrorDoor(process.stdin, process.stdout, reason);
  const exitCode = await Promise.race([door.closed.then(() => code), end]);
  process.stdin.destroy();
  return exitCode;
}

function reasonOf(error: unknown): string {
  if (!isHelioError(error)) return `Helio cannot start: ${String((error as Error)?.message ?? error).split('\n')[0]!}`;
  const problems = error.problems.filter(isError).map(sentenceOf);
  return `Helio lets nothing through: ${[...problems, ...(problems.length > 0 ? [] : [`${error.message}. Fix: ${error.fix}`])].join('; ')}`;
}

function sentenceOf({ place, path, message, fix }: LocatedProblem): string {
  const where = [place && formatPlace(place), path.length > 0 && `${formatPath(path)}:`].filter(Boolean).join(' ');
  return `${where} ${message}${fix === undefined ? '' : `. Fix: ${fix}`}`.trim();
}

/**
 * What a client starts has `/` as its folder, where no helio.yaml is. Its command runs under the safe default then,
 * which is a file, so that it can be read and changed.
 */
async function whichConfig(usage: ParsedUsage, isWrapped: boolean): Promise<string> {
  const path = configPathOf(usage);
  const isNamed = usage.options['config'] !== undefined || process.env['HELIO_CONFIG'] !== undefined;
  if (!isWrapped || isNamed || existsSync(path)) return path;
  const fallback = join(homedir(), '.helio', 'stdio', 'helio.yaml');
  if (existsSync(fallback)) return fallback;
  await mkdir(dirname(fallback), { recursive: true, mode: 0o700 });
  await chmod(dirname(fallback), 0o700);
  const text = await readFile(new URL('../templates/stdio.yaml', import.meta.url), 'utf8');
  // Several clients may start at once: the first one writes it.
  await writeFile(fallback, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  return fallback;
}

/** Resolves with 128 + n on a signal, which the server gets too. */
function whenToldToStop(): Promise<number> {
  return new Promise((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        signalChildren(signal);
        done(128 + constants.signals[signal]);
      });
  });
}
