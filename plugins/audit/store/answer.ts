/** What is kept of an answer: whole and compressed, or its shape without values. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Json } from '@gethelio/proxy/plugin';

/** Smaller answers do not win by compression what it costs. */
const compressFromBytes = 1_024;
/** A larger answer is not parsed for its shape: its size says enough. */
const shapeToBytes = 64 * 1_024;

export interface KeptAnswer {
  readonly answer_form: 'whole' | 'summary' | 'shortened' | 'none';
  readonly answer_encoding: 'json' | 'deflate' | null;
  readonly answer: Uint8Array | null;
}
export const noAnswer: KeptAnswer = { answer_form: 'none', answer_encoding: null, answer: null };

export function wholeAnswer(json: Uint8Array): KeptAnswer {
  if (json.length < compressFromBytes) return { answer_form: 'whole', answer_encoding: 'json', answer: json };
  return { answer_form: 'whole', answer_encoding: 'deflate', answer: deflateRawSync(json, { level: 1 }) };
}

/** `shape` of `undefined` bytes is the size alone. */
export function summarised(
  form: 'summary' | 'shortened',
  size: number,
  kind: string,
  json: Uint8Array | undefined,
): KeptAnswer {
  const summary = { kind, bytes: size, ...(json && json.length <= shapeToBytes ? shapeOf(json) : {}) };
  return { answer_form: form, answer_encoding: 'json', answer: Buffer.from(JSON.stringify(summary)) };
}

/** The JSON text of what was kept; undefined when nothing was. */
export function answerText(kept: Pick<KeptAnswer, 'answer_encoding' | 'answer'>): string | undefined {
  if (kept.answer === null) return undefined;
  const bytes = kept.answer_encoding === 'deflate' ? inflateRawSync(kept.answer) : kept.answer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Types and sizes of the content of an MCP result; names of members, never their values. */
function shapeOf(json: Uint8Array): { [key: string]: Json } {
  try {
    const value = JSON.parse(Buffer.from(json).toString('utf8')) as { [key: string]: unknown } | null;
    if (typeof value !== 'object' || value === null) return {};
    const { content, structuredContent, code } = value;
    return {
      ...(Array.isArray(content) && { content: content.slice(0, 20).map(shapeOfItem), items: content.length }),
      ...(isObject(structuredContent) && { structured: Object.keys(structuredContent).slice(0, 50) }),
      ...(typeof code === 'number' && { code }),
    };
  } catch {
    return {};
  }
}

function shapeOfItem(item: unknown): Json {
  if (!isObject(item)) return { type: typeof item };
  const text = item['text'] ?? item['data'];
  return {
    type: typeof item['type'] === 'string' ? item['type'].slice(0, 40) : 'unknown',
    ...(typeof text === 'string' && { characters: text.length }),
  };
}

function isObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
