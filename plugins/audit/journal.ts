/** The kernel's `Journal`: an intent before the first byte goes upstream, a row before the last byte goes to the client. */
import { uuidv7, type DecisionRecord, type Journal, type JsonObject } from '@gethelio/proxy/plugin';
import type { Flood } from './flood.ts';
import type { Intents } from './intents.ts';
import type { createNotificationCount } from './notifications.ts';
import { noFacts, packRecord, type PackOptions, type PackedRow } from './pack.ts';
import type { Writer } from './writer.ts';

export interface JournalParts {
  readonly durability: 'strict' | 'relaxed';
  readonly packing: PackOptions;
  readonly writer: Writer;
  readonly intents: Intents;
  readonly flood: Flood;
  readonly notifications: ReturnType<typeof createNotificationCount>;
  nowMs(): number;
  /** Intents lie in the state store until their row is written: redacted like every row. */
  redactIntent(row: PackedRow): PackedRow;
}

export function createJournal(parts: JournalParts): Journal {
  const { durability, packing, writer, intents, flood, notifications, nowMs, redactIntent } = parts;
  const isStrict = durability === 'strict';

  return {
    unavailable() {
      const failure = isStrict ? writer.failure() : undefined;
      return failure && `The audit trail cannot be written (${failure.message}), so no call is let through unrecorded.`;
    },

    intent({ call, facts, decision, tool, hasOps }) {
      const isRead = call.kind !== 'tool' || tool?.annotations.readOnlyHint === true;
      if (!isStrict || (isRead && !hasOps)) return [];
      const pending: DecisionRecord = {
        kind: 'call',
        id: call.id,
        atMs: call.receivedAtMs,
        call,
        facts,
        decision,
        outcome: 'unknown',
        helioMs: 0,
        waitedMs: 0,
        upstreamMs: 0,
      };
      return [intents.open(redactIntent(packRecord(pending, packing)))];
    },

    outcome(record) {
      if (record.kind === 'notification') return notifications.add(record, nowMs());
      const row = packRecord(record, packing);
      if (flood.swallows(row, nowMs())) return intents.close(record.id); // a refused op had opened one
      // Nobody waits for the refusal that says that rows cannot be written; it is kept for when they can.
      if (!isStrict || (writer.failure() && record.outcome === 'denied')) return writer.write(row, record.answer);
      return writer.written(row, record.answer).then(() => intents.close(record.id));
    },
  };
}

/** A row of the trail's own: counts, notices. */
export function ownRow(kind: string, data: JsonObject, packing: PackOptions, nowMs: number): PackedRow {
  return packRecord(
    {
      kind,
      id: uuidv7(nowMs),
      atMs: nowMs,
      facts: noFacts,
      decision: { effect: 'allow', verdicts: [] },
      outcome: 'answered',
      data,
      helioMs: 0,
      waitedMs: 0,
      upstreamMs: 0,
    },
    packing,
  );
}
