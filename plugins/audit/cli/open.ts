/** Opens the trail for a command: read only, whether Helio runs or not. */
import { existsSync } from 'node:fs';
import { openDatabase, type CliInput, type Database } from '@gethelio/proxy/plugin';
import { createReaderOperations, type ReaderOperations } from '../reader-operations.ts';
import type { AuditConfig } from '../config.ts';

export interface Place {
  readonly path: string;
  readonly stateDir: string;
  readonly config: AuditConfig;
}
export const failureExit = 1;
export const usageExit = 2;
export const brokenExit = 6;

/** Runs with the trail open. Says so and returns 1 when there is none yet; 2 when the query cannot be read. */
export async function withTrail(
  place: Place,
  input: CliInput,
  run: (operations: ReaderOperations, database: Database) => Promise<number | void> | number | void,
): Promise<number | void> {
  if (!existsSync(place.path)) {
    tell(
      input,
      'HELIO_AUDIT_EMPTY',
      `There is no audit trail at ${place.path} yet: Helio has not run with this helio.yaml.`,
    );
    return failureExit;
  }
  let database: Database | undefined;
  try {
    database = openDatabase(place.path, { readOnly: true });
    return await run(createReaderOperations(database), database);
  } catch (error) {
    const { code, message } = error as Error & { readonly code?: unknown };
    if (code === 'HELIO_AUDIT_QUERY') {
      tell(input, code, message);
      return usageExit;
    }
    if (typeof code === 'string' && /^(SQLITE_|ERR_SQLITE)/.test(code)) {
      tell(input, 'HELIO_AUDIT_UNREADABLE', `${place.path} cannot be read as an audit trail: ${message}.`);
      return failureExit;
    }
    throw error;
  } finally {
    database?.close();
  }
}

export function tell(input: CliInput, code: string, message: string): void {
  if (input.json) input.out(JSON.stringify({ error: { code, message } }));
  else input.note(`helio: ${message}`);
}

/** A count given as an option. Undefined: not given; NaN: not a whole number above 0. */
export function countOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' && /^[1-9]\d{0,9}$/.test(value) ? Number(value) : Number.NaN;
}
