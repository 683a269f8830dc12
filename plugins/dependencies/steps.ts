/** What a session has done, as documents: the latest attempt and the latest success of every tool that a rule names. */
import type { Json, StoreOp } from '@gethelio/proxy/plugin';
import type { StoredDocument } from '@gethelio/proxy/contracts/state';

export const collection = 'dependencies';
const lifetimeMs = 24 * 60 * 60_000; // a session that is quiet for a day begins anew

export interface Step {
  readonly tool: string;
  readonly upstream: string | undefined;
  readonly source: 'proxy' | 'sdk';
  readonly status: 'success' | 'failure';
  readonly atMs: number;
  /** Breaks ties within a millisecond: call ids sort by time. */
  readonly order: string;
}

export const keyPrefix = (session: string): string => `${encodeURIComponent(session)}/`;

/** One document per tool and status, so that a later failure does not take back an earlier success. */
export function stepOp(session: string, step: Step): StoreOp {
  const key = `${keyPrefix(session)}${encodeURIComponent(step.upstream ?? '')}/${encodeURIComponent(step.tool)}/${step.status}`;
  return { op: 'put', collection, key, value: step as unknown as Json, expiresAtMs: step.atMs + lifetimeMs };
}

export const stepOf = ({ value }: StoredDocument): Step => value as unknown as Step;
