/** What is known of every tool's definition: what was accepted, and what the upstream says now. */
import type { JsonObject } from '@gethelio/proxy/plugin';

/** `pinned`: as accepted. `new`: not there at the baseline. `changed`: until a person accepts it, also after it was changed back. */
export type PinState = 'pinned' | 'new' | 'changed' | 'removed';

/** A tool as `GET /api/tools` and `helio tools list --json` show it. */
export interface PinView {
  readonly upstream: string;
  readonly name: string;
  readonly state: PinState;
  /** sha256 (hex) of the canonical definition that counts. */
  readonly pinnedHash: string;
  /** The same of what the upstream says now. */
  readonly currentHash: string | null;
  readonly pinned: JsonObject;
  readonly current: JsonObject | null;
  readonly pinnedAtMs: number;
  readonly acceptedBy: string | null;
  readonly changedAtMs: number | null;
}
