/** Calls that were let go and run elsewhere: open until their result is reported, or until that takes too long. */
import { resultAnswer, type Evaluation } from '@gethelio/proxy/plugin';
import { Refused } from './refused.ts';

const mostOpen = 10_000;
const mostRemembered = 10_000;

export type Outcome = 'forwarded' | 'not_sent' | 'unknown';
export interface Result {
  /** `not_executed`: the tool provably did nothing, so what was taken is given back. */
  readonly status: 'success' | 'error' | 'not_executed';
  /** What the tool returned, as text (JSON where it was no text). */
  readonly text: string | undefined;
}

export interface Evaluations {
  /** Throws `Refused` 503 when too many are open, or Helio stops. Before the call is judged: it takes nothing then. */
  room(): void;
  /** Keeps a call that may run; when it ends by itself, in milliseconds since 1970. */
  open(evaluation: Evaluation, ttlMs: number, nowMs: number): number;
  /** Settles. The first report counts, every later one gets its answer. Throws `Refused` 404, 410. */
  report(id: string, result: Result): Promise<{ readonly outcome: Outcome; readonly repeated: boolean }>;
  /** Ends everything that is open as unknown. */
  close(): Promise<void>;
}

interface Open {
  readonly evaluation: Evaluation;
  readonly timer: NodeJS.Timeout;
}

export function createEvaluations(): Evaluations {
  const open = new Map<string, Open>();
  const ended = new Map<
    string,
    { readonly outcome: Outcome; readonly settled: Promise<void>; readonly late: boolean }
  >();
  let isClosed = false;

  function end(id: string, outcome: Outcome, settled: Promise<void>, late: boolean): void {
    clearTimeout(open.get(id)?.timer);
    open.delete(id);
    ended.set(id, { outcome, settled, late });
    if (ended.size > mostRemembered) ended.delete(ended.keys().next().value!);
  }

  function expire(id: string): Promise<void> {
    const settled = open.get(id)?.evaluation.report({ acted: true, known: false }) ?? Promise.resolve();
    end(id, 'unknown', settled, true);
    return settled;
  }

  return {
    room() {
      if (isClosed) throw new Refused(503, 'stopping', 'Helio is stopping');
      if (open.size >= mostOpen)
        throw new Refused(503, 'too_many_open', `${mostOpen} evaluated calls are not reported yet`, 'POST /audit');
    },
    open(evaluation, ttlMs, nowMs) {
      const timer = setTimeout(() => void expire(evaluation.id), Math.min(ttlMs, 2 ** 31 - 1));
      open.set(evaluation.id, { evaluation, timer });
      return nowMs + ttlMs;
    },
    async report(id, { status, text }) {
      const before = ended.get(id);
      if (before?.late)
        throw new Refused(
          410,
          'evaluation_expired',
          'It was not reported in time: its outcome is on record as unknown',
        );
      if (before !== undefined) {
        await before.settled;
        return { outcome: before.outcome, repeated: true };
      }
      const found = open.get(id);
      if (found === undefined)
        throw new Refused(
          404,
          'evaluation_unknown',
          'No call with this evaluation_id may run',
          'report only what POST /evaluate allowed, to the Helio that allowed it; after a restart it is on record as unknown',
        );
      const acted = status !== 'not_executed';
      const answer = acted
        ? resultAnswer({ content: [{ type: 'text', text: text ?? '' }], isError: status === 'error' })
        : undefined;
      const settled = found.evaluation.report({ acted, known: true, ...(answer !== undefined && { answer }) });
      const outcome = acted ? 'forwarded' : 'not_sent';
      end(id, outcome, settled, false);
      await settled;
      return { outcome, repeated: false };
    },
    async close() {
      isClosed = true;
      await Promise.all([...open.keys()].map(expire));
    },
  };
}
