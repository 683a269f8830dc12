/** Feeds the sinks: each at its own pace, from the place where it was, one process at a time. */
import type { Log } from '@gethelio/proxy/plugin';
import type { AuditSink } from './contract.ts';
import type { Reader } from './reader.ts';
import type { Writer } from './writer.ts';

const defaultBatchRows = 500;
const firstRetryMs = 1_000;
const lastRetryMs = 60_000;
/** How often an idle sink looks for rows of other processes, and renews its hold. */
const lookEveryMs = 5_000;
/** A sink that does not heed the abort is left behind: its rows come again at the next start. */
const stopWithinMs = 2_000;
/** After a crash another process takes over when the hold has run out. */
const holdForMs = 20_000;

export interface RunningSinks {
  wake(): void;
  stop(): Promise<void>;
}

export function runSinks(sinks: readonly AuditSink[], reader: Reader, writer: Writer, log: Log): RunningSinks {
  const abort = new AbortController();
  const wakers = new Set<() => void>();
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      timer.unref();
      if (abort.signal.aborted) wake();
      else wakers.add(wake);
    });

  async function feed(sink: AuditSink): Promise<void> {
    let retryMs = firstRetryMs;
    let isOpen = false;
    while (!abort.signal.aborted) {
      try {
        const question = { ask: 'holdSink', name: sink.name, from: sink.from ?? 'next', forMs: holdForMs } as const;
        let place = await writer.ask<number | undefined>(question);
        if (place === undefined) {
          await pause(lookEveryMs); // another process feeds it
          continue;
        }
        if (!isOpen) await sink.open?.();
        isOpen = true;
        for (;;) {
          const rows = await reader.after(place, sink.batchRows ?? defaultBatchRows);
          if (rows.length === 0 || abort.signal.aborted) break;
          await sink.write(rows, abort.signal);
          place = rows.at(-1)!.seq;
          if (!(await writer.ask<boolean>({ ask: 'moveSink', name: sink.name, seq: place, forMs: holdForMs }))) break;
          retryMs = firstRetryMs;
        }
        if (!abort.signal.aborted) await pause(lookEveryMs);
      } catch (cause) {
        if (abort.signal.aborted) break;
        log.warn('an audit sink failed; its rows come again', {
          sink: sink.name,
          retryMs,
          cause: String((cause as Error)?.message ?? cause),
        });
        await slept(retryMs, abort.signal);
        retryMs = Math.min(retryMs * 2, lastRetryMs);
      }
    }
    if (isOpen) await sink.close?.();
  }

  const running = sinks.map((sink) =>
    feed(sink).catch((cause: unknown) =>
      log.warn('an audit sink could not be closed', { sink: sink.name, cause: String(cause) }),
    ),
  );
  return {
    wake: () => wakers.forEach((wake) => wake()),
    async stop() {
      abort.abort();
      wakers.forEach((wake) => wake());
      await Promise.race([Promise.all(running), slept(stopWithinMs, new AbortController().signal)]);
    },
  };
}

/** A wait that new rows do not shorten. */
function slept(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
