/** The live feed: summaries of new rows, read behind the writer, of every process on the file. */
import type { Log } from '@gethelio/proxy/plugin';
import type { AuditEvent, AuditFeed } from './contract.ts';
import type { Reader } from './reader.ts';

const rowsPerRead = 200;
/** Beyond this a listener is better off reading again than being told everything. */
const resyncBeyondRows = 1_000;
/** Own commits wake the feed; this finds those of other processes. */
const pollMs = 1_000;
const gatherMs = 50;

export interface Feed extends AuditFeed {
  /** Own rows were committed. */
  wake(): void;
  stop(): void;
}

/** `head`: the last place that this process knows of, so that no row after a subscription is missed. */
export function createFeed(reader: Reader, head: () => number, log: Log): Feed {
  const listeners = new Set<(event: AuditEvent) => void>();
  let shown = 0;
  let isReading = false;
  let isAwake = false;
  let gathering: NodeJS.Timeout | undefined;
  let polling: NodeJS.Timeout | undefined;

  function tell(event: AuditEvent): void {
    for (const listener of [...listeners]) {
      try {
        listener(event);
      } catch (cause) {
        log.warn('a listener of the audit feed failed', { cause: String(cause) });
      }
    }
  }

  async function read(): Promise<void> {
    if (isReading || listeners.size === 0) return;
    isReading = true;
    try {
      do {
        isAwake = false;
        const last = await reader.lastSeq();
        if (last - shown > resyncBeyondRows) {
          shown = last;
          tell({ type: 'resync', seq: last });
        }
        while (shown < last && listeners.size > 0) {
          const rows = await reader.summariesAfter(shown, rowsPerRead);
          if (rows.length === 0) break;
          shown = rows.at(-1)!.seq;
          tell({ type: 'rows', rows });
        }
      } while (isAwake && listeners.size > 0);
    } catch (cause) {
      log.debug('the audit feed could not read', { cause: String(cause) });
    } finally {
      isReading = false;
    }
  }

  function wake(): void {
    isAwake = true;
    if (listeners.size === 0) return;
    gathering ??= setTimeout(() => {
      gathering = undefined;
      void read();
    }, gatherMs);
  }

  return {
    wake,
    subscribe(listener) {
      listeners.add(listener);
      if (listeners.size === 1) {
        shown = head();
        polling = setInterval(() => void read(), pollMs);
        polling.unref();
        void read();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) clearInterval(polling);
      };
    },
    async since(seq, limit = 500) {
      const last = await reader.lastSeq();
      if (last - seq > limit) return { rows: [], resync: true };
      return { rows: await reader.summariesAfter(seq, limit), resync: false };
    },
    stop() {
      listeners.clear();
      clearInterval(polling);
      clearTimeout(gathering);
    },
  };
}
