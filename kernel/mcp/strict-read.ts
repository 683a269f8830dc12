/** What the strict reader answers, and why it refuses. */
import type { Json } from '../plugin.ts';

export interface ReadLimits {
  /** Deepest nesting of arrays and objects. Default 64. */
  readonly depth?: number;
}
export type ReadFailure =
  | 'empty'
  | 'invalid_utf8'
  | 'byte_order_mark'
  | 'invalid_json'
  | 'trailing_data'
  | 'duplicate_key'
  | 'lone_surrogate'
  | 'number_out_of_range'
  | 'too_deep'
  | 'too_wide';
export type StrictRead =
  | { readonly ok: true; readonly value: Json; /** The source, decoded. */ readonly text: string }
  | {
      readonly ok: false;
      readonly code: ReadFailure;
      /** A sentence without a final stop. */
      readonly reason: string;
      /** Offset in characters from the start of the text. */
      readonly at: number;
    };

/** Thrown inside the reader only. */
export class Refused extends Error {
  readonly code: ReadFailure;
  readonly at: number;
  constructor(code: ReadFailure, reason: string, at: number) {
    super(reason);
    this.code = code;
    this.at = at;
  }
}
