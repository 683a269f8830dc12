/** Makes a packed row what is stored: redacted everywhere, the answer kept as configured. Runs in the worker. */
import type { PackedRow } from '../pack.ts';
import { redactOrNothing, stepsOf } from '../redact/redact.ts';
import { redactText, scrubJson, scrubText, type Taken } from '../redact/json-text.ts';
import type { CompiledRules } from '../redact/rules.ts';
import { noAnswer, summarised, wholeAnswer, type KeptAnswer } from './answer.ts';
import { columns, wellFormed, type NewRow } from './row.ts';

export interface FinishOptions {
  readonly includeResponses: boolean | 'summary';
  readonly maxResponseBytes: number;
  /** Undefined: nothing is configured. */
  readonly rules: CompiledRules | undefined;
}
/** `bytes` are left out where the size alone is kept. */
export interface RawAnswer {
  readonly kind: string;
  readonly size: number;
  readonly bytes: Uint8Array | undefined;
}

export function finishRow(packed: PackedRow, answer: RawAnswer | undefined, options: FinishOptions): NewRow {
  const { rules } = options;
  if (!rules) return stored({ ...packed, ...keep(answer, options) });
  const text = answer?.bytes && Buffer.from(answer.bytes).toString('utf8');
  const { row, answerText } = redactColumns(packed, text, rules);
  const bytes = answerText === undefined ? undefined : Buffer.from(answerText);
  return stored({ ...row, ...keep(answer && { ...answer, bytes }, options) });
}

/** Every text of a row, redacted; what was taken out anywhere is taken out everywhere: upstreams repeat what they were told. */
export function redactColumns(
  packed: PackedRow,
  answer: string | undefined,
  rules: CompiledRules,
): { readonly row: PackedRow; readonly answerText: string | undefined } {
  const taken: Taken = new Map();
  const sentence = (text: string | null) => (text === null ? null : redactText(text, rules, [], taken));
  const json = (text: string | null, at: string) => (text === null ? null : redactOrNothing(text, rules, at, taken));
  const args = json(packed.arguments, '/arguments');
  const sent = json(packed.sent_arguments, '/sent_arguments');
  const detail = json(packed.detail, '')!;
  const error = sentence(packed.error);
  const tool = sentence(packed.tool);
  const answerText = answer === undefined ? undefined : scrubJson(json(answer, '/answer')!, taken);
  const clean = (text: string | null) => (text === null ? null : scrubJson(text, taken));
  const row = {
    ...packed,
    arguments: clean(args),
    sent_arguments: clean(sent),
    detail: clean(detail)!,
    error: error === null ? null : scrubText(error, taken),
    tool: tool === null ? null : scrubText(tool, taken),
    session: at(packed.session, '/session', rules),
    agent: at(packed.agent, '/agent', rules),
    client: at(packed.client, '/client', rules),
    peer: at(packed.peer, '/peer', rules),
  };
  return { row, answerText };
}

/** A column that a path names: `paths: ['/peer']`. */
function at(value: string | null, path: string, rules: CompiledRules): string | null {
  const mode = value !== null && rules.hasPaths ? rules.forPath(stepsOf(path)) : undefined;
  return mode ? (rules.replace(mode, value!) ?? null) : value;
}

function keep(answer: RawAnswer | undefined, { includeResponses, maxResponseBytes }: FinishOptions): KeptAnswer {
  if (!answer || includeResponses === false) return noAnswer;
  const { kind, size, bytes } = answer;
  if (includeResponses === 'summary') return summarised('summary', size, kind, bytes);
  if (!bytes || size > maxResponseBytes) return summarised('shortened', size, kind, bytes);
  return wholeAnswer(bytes);
}

function stored(row: Omit<NewRow, 'total_us'>): NewRow {
  const whole: Record<string, unknown> = { ...row, total_us: row.helio_us + row.waited_us + row.upstream_us };
  for (const column of columns) {
    const value = whole[column];
    if (typeof value === 'string') whole[column] = wellFormed(value);
  }
  return whole as unknown as NewRow;
}
