/** One child process that speaks MCP over its pipes (MCP, transports: stdio). */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { constants } from 'node:os';
import type { Log } from '../../plugin.ts';
import type { Channel, ChannelEvents } from './channel.ts';
import { LineCutter } from './lines.ts';

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing of Helio's own is added. */
  readonly env: { readonly [name: string]: string };
  readonly cwd: string;
  readonly log: Log;
}

const largestMessageBytes = 64 * 1024 * 1024;
const longestLogLine = 2_000;
/** Between closing stdin, SIGTERM and SIGKILL (MCP, lifecycle: shutdown). */
const politeMs = 2_000;
/** As shells say it. */
const couldNotStart = 127;
const space = 0x20;

const living = new Set<number>();
const exitListeners = new Set<(exitCode: number) => void>();

/** Tells when a child ended that nobody had asked to: its exit code, 128 + n for a signal, 127 when it could not start. */
export function onChildExit(listener: (exitCode: number) => void): () => void {
  exitListeners.add(listener);
  return () => void exitListeners.delete(listener);
}

/** Sends a signal to the process groups of all children. */
export function signalChildren(signal: NodeJS.Signals): void {
  for (const pid of living) killGroup(pid, signal);
}

process.on('exit', () => {
  for (const pid of living) killGroup(pid, 'SIGKILL');
});

export function openChild(options: ChildOptions, events: ChannelEvents): Channel {
  const { name, command, args, env, cwd, log } = options;
  let isClosing = false;
  let isOver = false;
  // Its own process group: wrappers such as npx leave grandchildren behind.
  const child = spawn(command, [...args], {
    cwd,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
    shell: false,
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  if (child.pid !== undefined) living.add(child.pid);

  const exited = new Promise<void>((done) => {
    const over = (reason: string, exitCode: number) => {
      if (isOver) return;
      isOver = true;
      if (child.pid !== undefined) {
        living.delete(child.pid);
        killGroup(child.pid, 'SIGKILL'); // what it left behind
      }
      done();
      if (!isClosing) events.closed(reason);
      // One that could not start is closed by who failed to write to it, before this is known.
      if (!isClosing || exitCode === couldNotStart) for (const listener of exitListeners) listener(exitCode);
    };
    child.on('error', (error: NodeJS.ErrnoException) =>
      over(
        error.code === 'ENOENT'
          ? `the program ${command} was not found`
          : `the program could not be started (${error.code})`,
        couldNotStart,
      ),
    );
    child.on('exit', (code, signal) =>
      over(
        signal ? `the process was ended by ${signal}` : `the process ended with code ${code}`,
        signal ? 128 + constants.signals[signal] : (code ?? 1),
      ),
    );
  });
  // A dead child is told by `exit`; EPIPE says nothing more.
  child.stdin.on('error', () => {});
  readMessages(child, name, log, events, () => !isOver && !isClosing);
  drainStderr(child, name, log);

  return {
    send(message, failed) {
      if (isOver || !child.stdin.writable) return failed?.('the process is not running');
      if (child.stdin.writableLength > largestMessageBytes)
        return failed?.('the process does not read what it is sent');
      child.stdin.write(asLine(message));
    },
    async close() {
      if (isClosing) return exited;
      isClosing = true;
      child.stdin.end();
      const term = setTimeout(() => child.pid !== undefined && killGroup(child.pid, 'SIGTERM'), politeMs);
      const kill = setTimeout(() => child.pid !== undefined && killGroup(child.pid, 'SIGKILL'), politeMs * 2);
      await exited;
      clearTimeout(term);
      clearTimeout(kill);
    },
  };
}

function readMessages(
  child: ChildProcessWithoutNullStreams,
  name: string,
  log: Log,
  events: ChannelEvents,
  isOpen: () => boolean,
): void {
  const lines = new LineCutter(
    largestMessageBytes,
    (line) => {
      if (!isOpen()) return;
      if (looksLikeMessage(line)) events.message(line);
      else
        log.warn('an upstream wrote something to stdout that is no message; it was skipped', {
          upstream: name,
          line: shown(line),
        });
    },
    () => {
      log.error('an upstream wrote a message of more than 64 MiB and was stopped', { upstream: name });
      if (child.pid !== undefined) killGroup(child.pid, 'SIGKILL');
    },
  );
  child.stdout.on('data', (chunk: Buffer) => lines.push(chunk));
  child.stdout.on('error', () => {});
}

/** Always read, or the child blocks once the pipe is full. */
function drainStderr(child: ChildProcessWithoutNullStreams, name: string, log: Log): void {
  const lines = new LineCutter(
    64 * 1024,
    (line) => log.info(`[${name}] ${shown(line)}`, { upstream: name }),
    () => {},
  );
  child.stderr.on('data', (chunk: Buffer) => lines.push(chunk));
  child.stderr.on('error', () => {});
}

/** Line ends between tokens of a pretty-printed message would end it early; inside strings JSON has none. */
function asLine(message: Uint8Array): Buffer {
  const line = Buffer.allocUnsafe(message.length + 1);
  line.set(message);
  for (let at = line.indexOf(0x0a); at >= 0 && at < message.length; at = line.indexOf(0x0a, at + 1)) line[at] = space;
  for (let at = line.indexOf(0x0d); at >= 0 && at < message.length; at = line.indexOf(0x0d, at + 1)) line[at] = space;
  line[message.length] = 0x0a;
  return line;
}

function looksLikeMessage(line: Buffer): boolean {
  let at = 0;
  while (line[at] === space || line[at] === 0x09) at++;
  return line[at] === 0x7b;
}

function shown(line: Buffer): string {
  // Terminals obey control characters.
  return line.toString('utf8', 0, longestLogLine).replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // ESRCH: nobody is left
  }
}

/** What a program needs to run at all; never Helio's own variables. */
const harmless = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'TERM', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'TMPDIR'];
const harmlessOnWindows = [
  'APPDATA',
  'HOMEDRIVE',
  'HOMEPATH',
  'LOCALAPPDATA',
  'PATH',
  'PATHEXT',
  'PROCESSOR_ARCHITECTURE',
  'SYSTEMDRIVE',
  'SYSTEMROOT',
  'TEMP',
  'TMP',
  'USERNAME',
  'USERPROFILE',
  'PROGRAMFILES',
];

export function childEnvironment(
  own: { readonly [name: string]: string } | undefined,
  inherit = false,
): { [name: string]: string } {
  const env: { [name: string]: string } = inherit ? inherited() : {};
  for (const name of process.platform === 'win32' ? harmlessOnWindows : harmless) {
    const value = process.env[name];
    if (value !== undefined && !value.startsWith('()')) env[name] = value; // a shell function
  }
  return { ...env, ...own };
}

/** Everything but what is Helio's own: its secrets are nothing for a server. */
function inherited(): { [name: string]: string } {
  const names = Object.keys(process.env).filter((name) => !/^HELIO_/i.test(name));
  return Object.fromEntries(names.map((name) => [name, process.env[name]!]));
}
