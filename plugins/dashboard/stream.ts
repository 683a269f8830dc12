/** `/api/events`: what happens, as server-sent events. A reader that stops reading costs one bounded buffer and then catches up by reading again. */
import type { ServerResponse } from 'node:http';
import type { LiveRow } from './row.ts';

const heartbeatMs = 15_000;
const gatherMs = 100;
/** More rows than this at once are counted, not sent: nobody reads two thousand rows a second. */
const mostRowsAtOnce = 200;
const mostUnreadBytes = 1024 * 1024;
const mostReaders = 100;
const browserRetryMs = 1_000;

type EventType = 'call' | 'approval' | 'budget' | 'config' | 'plugin' | 'resync' | 'heartbeat';

interface Reader {
  readonly response: ServerResponse;
  /** Rows up to here were sent. */
  seq: number;
  /** Rows that came while older ones were still read from the store. */
  waiting: LiveRow[] | undefined;
  /** It stopped reading: nothing is sent until its socket is empty again. */
  lags: boolean;
}

export interface Stream {
  /** Rows in order, oldest first. */
  rows(rows: readonly LiveRow[]): void;
  /** Too much passed to tell it all. */
  resync(why: string): void;
  /**
   * Takes over a response. `after` is the last id that the reader saw; `since` reads what came after it from the store.
   * False when there are too many readers.
   */
  open(
    response: ServerResponse,
    after: number | undefined,
    since: ((seq: number) => Promise<{ readonly rows: readonly LiveRow[]; readonly resync: boolean }>) | undefined,
  ): Promise<boolean>;
  close(): void;
}

export function createStream(): Stream {
  const readers = new Set<Reader>();
  let gathered: LiveRow[] = [];
  let skipped = 0;
  let gathering: NodeJS.Timeout | undefined;
  const heartbeat = setInterval(() => readers.forEach((reader) => send(reader, 'heartbeat', {})), heartbeatMs);
  heartbeat.unref();

  function send(reader: Reader, type: EventType, event: object, id?: number): void {
    if (reader.lags || reader.response.destroyed) return;
    reader.response.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (reader.response.writableLength <= mostUnreadBytes) return;
    reader.lags = true;
    reader.response.once('drain', () => {
      reader.lags = false;
      send(reader, 'resync', { why: 'this page read too slowly' });
    });
  }

  function sendRows(reader: Reader, rows: readonly LiveRow[], left: number): void {
    const fresh = rows.filter(({ seq }) => seq > reader.seq);
    const last = fresh.at(-1);
    if (last === undefined) return;
    reader.seq = last.seq;
    send(reader, 'call', { rows: fresh, skipped: left }, last.seq);
    for (const { kind, id } of fresh) {
      const type = typeOf(kind);
      if (type !== undefined) send(reader, type, { kind, id });
    }
  }

  function flush(): void {
    gathering = undefined;
    const [rows, left] = [gathered, skipped];
    gathered = [];
    skipped = 0;
    for (const reader of readers) {
      if (reader.waiting === undefined) sendRows(reader, rows, left);
      else reader.waiting.push(...rows.slice(-mostRowsAtOnce));
    }
  }

  return {
    rows(rows) {
      if (readers.size === 0) return;
      gathered.push(...rows);
      if (gathered.length > mostRowsAtOnce) {
        // What is more than a line of calls always goes through: an approval is not to be missed in a flood.
        const cut = gathered.slice(0, -mostRowsAtOnce).filter(({ kind }) => typeOf(kind) === undefined);
        skipped += cut.length;
        const gone = new Set(cut);
        gathered = gathered.filter((row) => !gone.has(row));
      }
      gathering ??= setTimeout(flush, gatherMs);
    },
    resync: (why) => readers.forEach((reader) => send(reader, 'resync', { why })),
    async open(response, after, since) {
      if (readers.size >= mostReaders) return false;
      const reader: Reader = { response, seq: after ?? 0, waiting: [], lags: false };
      readers.add(reader);
      response.on('close', () => readers.delete(reader));
      response.write(`retry: ${browserRetryMs}\n\n`);
      send(reader, 'heartbeat', {});
      if (after !== undefined && since !== undefined) {
        try {
          const missed = await since(after);
          if (missed.resync) send(reader, 'resync', { why: 'too much happened meanwhile' });
          else sendRows(reader, missed.rows, 0);
        } catch {
          send(reader, 'resync', { why: 'what happened meanwhile could not be read' });
        }
      } else if (after !== undefined) send(reader, 'resync', { why: 'nothing is kept: the audit is not loaded' });
      const waiting = reader.waiting ?? [];
      reader.waiting = undefined;
      sendRows(reader, waiting, 0);
      return true;
    },
    close() {
      clearInterval(heartbeat);
      clearTimeout(gathering);
      readers.forEach(({ response }) => response.end());
      readers.clear();
    },
  };
}

/** What else a row means to the pages, beside being a row. */
function typeOf(kind: string): EventType | undefined {
  if (kind.startsWith('approval')) return 'approval';
  if (kind.startsWith('budget') || kind.startsWith('spend')) return 'budget';
  if (kind === 'reload') return 'config';
  if (kind.startsWith('tool_') || kind.startsWith('plugin')) return 'plugin';
  return undefined;
}
