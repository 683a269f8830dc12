/** What other plugins learn from the operator's listener: who is asking, and how a route describes itself. */
import { defineService } from '@gethelio/proxy/plugin';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** A person (or script) that the operator's listener let in. */
export interface Operator {
  /** The `name` of the `operators` entry; `operator` for the one `api_secret`; `anyone` in open mode. */
  readonly name: string;
  /** `session`: logged in by a browser. `bearer`: a script with the secret. `open`: nobody was asked. */
  readonly how: 'session' | 'bearer' | 'open';
}

export interface OperatorAccess {
  /** Who sent this request. Throws on a route that is not behind the operator's login (`auth: 'own'`). */
  who(request: FastifyRequest): Operator;
  /**
   * `configured`: helio.yaml gives `api_secret` or `operators`. `made`: none was given, one was made for this run.
   * `open`: `allow_open_mode`. Approvals refuse to start unless it is `configured`.
   */
  readonly secret: 'configured' | 'made' | 'open';
  /** The names that can log in; a quorum above one needs as many. */
  readonly names: readonly string[];
  /** Where people reach it: `public_url`, else the listener's own address. Undefined until it listens. */
  url(): string | undefined;
}
export const operatorAccess = defineService<OperatorAccess>('operator.access');

/** What a route takes and answers, as zod schemas: checked on every request, shown in `/api/openapi.json`. */
export interface RouteDescription {
  readonly summary: string;
  readonly params?: z.ZodType;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  readonly answer?: z.ZodType;
}

/**
 * Route options for a fastify route on the operator's listener:
 * `app.get('/:id', described({ summary: 'One call' , params }), ...)`. A request that does not fit is answered with 400
 * before the route runs; `params`, `query` and `body` are what the schemas made of them.
 */
export function described(description: RouteDescription): { config: { helio: RouteDescription } } {
  return { config: { helio: description } };
}
