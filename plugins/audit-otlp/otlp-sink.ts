/** Posts rows to a collector. What it cannot take now comes again; a row that it will never take is skipped and told. */
import { request } from 'undici';
import type { AuditRow, AuditSink } from '@gethelio/proxy/contracts/audit';
import type { Log } from '@gethelio/proxy/plugin';
import { logsRequest } from './log-record.ts';

export interface OtlpOptions {
  readonly url: string;
  readonly headers: { readonly [name: string]: string };
  readonly timeoutMs: number;
  readonly batchRows: number;
  readonly from: 'first' | 'next';
  readonly serviceName: string;
  readonly version: string;
  readonly log: Log;
}

/** The request itself is at fault: sending it again cannot help (OTLP specification, "Failures"). */
const neverTaken = new Set([400, 413, 422]);
const maxAnswerBytes = 64 * 1024;

export function createOtlpSink(options: OtlpOptions): AuditSink {
  const { url, headers, timeoutMs, log, serviceName, version } = options;

  async function post(rows: readonly AuditRow[], signal: AbortSignal): Promise<number> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    try {
      const { statusCode, body } = await request(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: logsRequest(rows, serviceName, version),
        signal: AbortSignal.any([signal, late.signal]),
      });
      let text = '';
      for await (const piece of body) if (text.length < maxAnswerBytes) text += String(piece);
      if (statusCode === 200) warnOfPartialSuccess(text, log);
      return statusCode;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Halves what is refused until the row at fault stands alone: one bad row must not hold up all that follow. */
  async function send(rows: readonly AuditRow[], signal: AbortSignal): Promise<void> {
    const status = await post(rows, signal);
    if (status >= 200 && status < 300) return;
    if (!neverTaken.has(status)) throw new Error(`the collector answered ${status}`);
    if (rows.length === 1) {
      log.warn('the collector refuses an audit row; it is skipped there', { row: rows[0]!.id, status });
      return;
    }
    const middle = Math.ceil(rows.length / 2);
    await send(rows.slice(0, middle), signal);
    await send(rows.slice(middle), signal);
  }

  return { name: `otlp:${url}`, from: options.from, batchRows: options.batchRows, write: send };
}

function warnOfPartialSuccess(text: string, log: Log): void {
  try {
    const { partialSuccess } = JSON.parse(text) as { partialSuccess?: { rejectedLogRecords?: string | number } };
    const rejected = Number(partialSuccess?.rejectedLogRecords ?? 0);
    if (rejected > 0) log.warn('the collector rejected some audit rows', { rejected });
  } catch {
    // an empty or odd body: the status said that the rows were taken
  }
}
