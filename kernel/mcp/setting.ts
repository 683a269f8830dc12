/** What one exchange is about, fixed from its first byte to its last. */
import type { Log } from '../plugin.ts';
import type { Catalogue } from './catalogue.ts';
import type { ClientRequest, Responder } from './door.ts';
import type { Era } from './era.ts';
import type { Exchange } from './exchange.ts';
import type { Gate } from './incoming.ts';
import type { Message } from './messages.ts';
import type { OAuthMetadata } from './oauth-metadata.ts';
import type { ClientSession, Sessions } from './sessions.ts';

/** What all exchanges share. */
export interface RelayWorld {
  gate(): Gate;
  catalogueOf(upstream: string): Catalogue;
  readonly sessions: Sessions;
  readonly log: Log;
  readonly oauth: OAuthMetadata;
  /** Every exchange whose answer was not told yet, for deadlines and the drain. */
  readonly open: Set<Exchange>;
}

export interface Setting {
  readonly world: RelayWorld;
  readonly request: ClientRequest;
  readonly responder: Responder;
  readonly message: Message;
  readonly era: Era;
  readonly session: ClientSession;
  /** `Mcp-Session-Id` of a legacy client. */
  readonly sessionId: string | undefined;
}
