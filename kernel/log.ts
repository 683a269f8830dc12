/** The log: JSON lines on stderr, or a plain line per entry on a terminal. Stdout belongs to results and to the stdio door. */
import { pino, type Logger } from 'pino';
import type { Json, JsonObject, Log } from './plugin.ts';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export interface KernelLog extends Log {
  /** The same log, with the plugin's name on every entry. */
  child(plugin: string): Log;
  /** Replaces the function that takes secrets out (`createScrub`): after every load of helio.yaml. */
  scrubWith(scrub: (text: string) => string): void;
  /** Changes what is written: `log.level` of helio.yaml, unless HELIO_LOG says otherwise. */
  setLevel(level: LogLevel): void;
}

export interface LogOptions {
  /** Default `info`. HELIO_LOG in `env` wins over it, and over `setLevel`. */
  readonly level?: LogLevel;
  readonly env?: { readonly [name: string]: string | undefined };
  /** Default stderr. */
  readonly stream?: { write(text: string): void };
  /** Plain lines for people instead of JSON. Default: whether stderr is a terminal. */
  readonly plain?: boolean;
  readonly nowMs?: () => number;
}

const maxTextLength = 4000;
const maxDepth = 6;

export function createLog(options: LogOptions = {}): KernelLog {
  const { env = process.env, stream = process.stderr, nowMs = Date.now } = options;
  const plain = options.plain ?? (options.stream === undefined && process.stderr.isTTY === true);
  const fromEnv = logLevels.find((level) => level === env['HELIO_LOG']);
  let scrub = (text: string) => text;

  const logger: Logger = pino(
    {
      level: fromEnv ?? options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date(nowMs()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    { write: (line: string) => stream.write(plain ? plainLine(line) : line) },
  );

  const write = (
    level: Exclude<LogLevel, 'silent'>,
    plugin: string | undefined,
    message: string,
    data: JsonObject | undefined,
  ) => {
    if (!logger.isLevelEnabled(level)) return;
    const clean = data === undefined ? {} : withoutReserved(cleaned(data, scrub, 0) as JsonObject);
    logger[level](plugin === undefined ? clean : { plugin, ...clean }, cleanText(message, scrub));
  };
  const named = (plugin?: string): Log => ({
    debug: (message, data) => write('debug', plugin, message, data),
    info: (message, data) => write('info', plugin, message, data),
    warn: (message, data) => write('warn', plugin, message, data),
    error: (message, data) => write('error', plugin, message, data),
  });
  return {
    ...named(),
    child: (plugin) => named(plugin),
    scrubWith: (next) => void (scrub = next),
    setLevel: (level) => void (logger.level = fromEnv ?? level),
  };
}

/** Secrets out, then control characters: a value must not start a line of its own, nor steer a terminal. */
function cleanText(text: string, scrub: (text: string) => string): string {
  const scrubbed = inert(scrub(text));
  return scrubbed.length > maxTextLength
    ? `${scrubbed.slice(0, maxTextLength)}... (${scrubbed.length} characters)`
    : scrubbed;
}

/** Control, format (bidi, zero width) and line-separating characters, written as escapes. */
function inert(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Surrogate}]/gu, (character) => {
    if (character === '\n') return '\\n';
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}

/** A copy fit for a log line. A plugin's mistake (a cycle, a getter that throws) must not take the caller down. */
function cleaned(value: unknown, scrub: (text: string) => string, depth: number): Json {
  if (typeof value === 'string') return cleanText(value, scrub);
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value;
  if (value instanceof Error) return cleanText(value.stack ?? value.message, scrub);
  if (typeof value !== 'object') return cleanText(String(value), scrub);
  if (depth >= maxDepth) return '...';
  try {
    if (Array.isArray(value)) return value.slice(0, 100).map((item) => cleaned(item, scrub, depth + 1));
    const members = Object.entries(value).slice(0, 100);
    return Object.fromEntries(members.map(([key, item]) => [cleanText(key, scrub), cleaned(item, scrub, depth + 1)]));
  } catch {
    return '(unreadable)';
  }
}

/** Two members of one name in a line would be two logs, depending on who reads it. */
function withoutReserved(data: JsonObject): JsonObject {
  if (!reserved.some((key) => Object.hasOwn(data, key))) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [reserved.includes(key) ? `${key}_` : key, value]),
  );
}
const reserved = ['level', 'time', 'message'];

/** `12:04:07 warn  [audit] message  key=value` */
function plainLine(line: string): string {
  const { time, level, plugin, message, ...rest } = JSON.parse(line) as {
    time: string;
    level: string;
    plugin?: string;
    message: string;
  };
  const details = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' && !/\s/.test(value) ? value : JSON.stringify(value)}`,
  );
  const head = `${time.slice(11, 19)} ${level.padEnd(5)} ${plugin ? `[${plugin}] ` : ''}${message}`;
  return `${[head, ...details].join('  ')}\n`;
}
