/** JSON, NDJSON and CSV, row by row, with the same columns in the same order. */
import type { StoredRow } from '../store/row.ts';
import { rowJson, rowMembers } from '../store/show.ts';

export const formats = ['json', 'ndjson', 'csv'] as const;
export type Format = (typeof formats)[number];

export interface Writing {
  readonly contentType: string;
  /** Before the first row. */
  readonly begin: string;
  /** `index` counts from 0 over the whole export. */
  row(row: StoredRow, index: number): string;
  readonly end: string;
}

export function writingOf(format: Format): Writing {
  switch (format) {
    case 'json':
      return {
        contentType: 'application/json; charset=utf-8',
        begin: '[\n',
        row: (row, index) => `${index === 0 ? '' : ','}${rowJson(row)}\n`,
        end: ']\n',
      };
    case 'ndjson':
      return {
        contentType: 'application/x-ndjson; charset=utf-8',
        begin: '',
        row: (row) => `${rowJson(row)}\n`,
        end: '',
      };
    case 'csv':
      return {
        contentType: 'text/csv; charset=utf-8; header=present',
        begin: `${exportColumns.join(',')}\r\n`,
        row: (row) =>
          `${rowMembers(row)
            .map(([, json]) => csvCell(json))
            .join(',')}\r\n`,
        end: '',
      };
  }
}

const empty: StoredRow = {
  seq: 0, id: '', at: 0, kind: '', method: null, tool: null, upstream: null, session: null, session_source: null, agent: null,
  agent_source: null, client: null, door: null, peer: null, effect: '', outcome: '', code: null, rule: null, plugin: null, is_error: 0,
  helio_us: 0, waited_us: 0, upstream_us: 0, total_us: 0, config_hash: null, version: '', process: '', arguments: null,
  sent_arguments: null, detail: '{}', error: null, answer_form: 'none', answer_encoding: null, answer: null, hash: new Uint8Array(),
}; // prettier-ignore
export const exportColumns: readonly string[] = rowMembers(empty).map(([name]) => name);

/**
 * One cell, RFC 4180: strings as they are, null empty, everything else as JSON text. What a spreadsheet would run as a
 * formula gets an apostrophe in front (also behind white space, and in full width).
 */
export function csvCell(json: string): string {
  if (json === 'null') return '';
  const text = json.startsWith('"') ? (JSON.parse(json) as string) : json;
  const isText = json.startsWith('"');
  const guarded = isText && /^\s*[=+\-@\t\r\n|%＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(guarded) || guarded !== text || /^\s|\s$/.test(guarded)
    ? `"${guarded.replaceAll('"', '""')}"`
    : guarded;
}
