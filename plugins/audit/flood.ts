/** Identical refusals in a flood are counted, not written row by row: an agent that hammers must not fill the disk. */
import { createHash } from 'node:crypto';
import type { PackedRow } from './pack.ts';

/** So many refusals of one kind get a row each in a window; the rest of the window is counted. */
export const rowsPerWindow = 10;
export const windowMs = 10_000;
/** More kinds at once are not tracked: every refusal is then a row. */
const maxKinds = 10_000;

interface Kind {
  readonly sample: PackedRow;
  readonly sinceMs: number;
  seen: number;
  counted: number;
  firstId: string;
  lastId: string;
  lastAt: number;
}

export interface Flood {
  /** Whether this refusal is only counted. */
  swallows(row: PackedRow, nowMs: number): boolean;
  /** Rows for what was counted since the last time. */
  drain(nowMs: number, newId: () => string): readonly PackedRow[];
}

export function createFlood(): Flood {
  const kinds = new Map<string, Kind>();
  return {
    swallows(row, nowMs) {
      if (row.outcome !== 'denied') return false;
      const key = keyOf(row);
      const kind = kinds.get(key);
      if (!kind || nowMs - kind.sinceMs >= windowMs) {
        if (kind && kind.counted > 0) return count(kind, row); // drained first, then a new window
        if (kind || kinds.size < maxKinds)
          kinds.set(key, { sample: row, sinceMs: nowMs, seen: 1, counted: 0, firstId: '', lastId: '', lastAt: 0 });
        return false;
      }
      kind.seen += 1;
      return kind.seen > rowsPerWindow && count(kind, row);
    },
    drain(nowMs, newId) {
      const rows: PackedRow[] = [];
      for (const [key, kind] of kinds) {
        if (kind.counted > 0) {
          rows.push(repeated(kind, newId()));
          kind.counted = 0;
        }
        if (nowMs - kind.sinceMs >= windowMs) kinds.delete(key);
      }
      return rows;
    },
  };
}

function count(kind: Kind, row: PackedRow): true {
  if (kind.counted === 0) kind.firstId = row.id;
  kind.counted += 1;
  kind.lastId = row.id;
  kind.lastAt = row.at;
  return true;
}

/** The same refusal of the same request by the same caller. Arguments count: other attempts are worth a row each. */
function keyOf(row: PackedRow): string {
  const { kind, method, tool, upstream, session, agent, peer, code, rule, arguments: args } = row;
  const text = args ?? row.error ?? '';
  return JSON.stringify([
    kind,
    method,
    tool,
    upstream,
    session,
    agent,
    peer,
    code,
    rule,
    text.length > 256 ? createHash('sha256').update(text).digest('base64') : text,
  ]);
}

/** One row for all that were counted; the ids that agents were given lie between the first and the last. */
function repeated({ sample, counted, firstId, lastId, lastAt }: Kind, id: string): PackedRow {
  const detail = JSON.parse(sample.detail) as { [key: string]: unknown };
  const data = { repeated: counted, of: sample.id, first_id: firstId, last_id: lastId };
  const { reason, verdicts } = detail;
  return { ...sample, id, at: lastAt, kind: 'repeated', detail: JSON.stringify({ reason, verdicts, data }) };
}
