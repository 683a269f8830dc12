/** Who is asking: a bearer secret, a session cookie, or nobody at all where open mode allows it. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { JsonObject } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { described, type Operator } from './contract.ts';
import { findCredential, type Credential } from './credentials.ts';
import { refuse } from './refused.ts';
import { endsAtMs, type Session, type Sessions } from './sessions.ts';
import type { Throttle } from './throttle.ts';

export interface LoginTerms {
  readonly credentials: readonly Credential[];
  readonly open: boolean;
  readonly sessions: Sessions;
  readonly throttle: Throttle;
  /** The cookie travels over https only. */
  readonly secure: boolean;
  /** Uses up the one-time link; the credential that it signs in. */
  useLink(token: string): Credential | undefined;
  nowMs(): number;
  emit(kind: string, data: JsonObject): void;
}

const known = new WeakMap<FastifyRequest, Operator>();

export function whoAsked(request: FastifyRequest): Operator {
  const found = known.get(request);
  if (found === undefined)
    throw new Error(`${request.routeOptions.url ?? request.url} is not behind the operator's login`);
  return found;
}

/** Cookies do not know ports: two Helios on one machine must not share a name. */
const cookieName = (request: FastifyRequest): string => `helio_session_${request.socket.localPort ?? 0}`;
const changes = (request: FastifyRequest): boolean => request.method !== 'GET' && request.method !== 'HEAD';

/** The browser session that a request carries, if it still holds. */
function sessionOf(request: FastifyRequest, terms: LoginTerms): Session | undefined {
  const token = request.cookies[cookieName(request)];
  return token === undefined ? undefined : terms.sessions.find(token, terms.credentials, terms.nowMs());
}

/** Lets in, or answers. For every route behind the login. */
export async function letIn(request: FastifyRequest, reply: FastifyReply, terms: LoginTerms): Promise<unknown> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const secret = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    const found =
      secret === undefined ? undefined : tried(request, reply, terms, () => findCredential(terms.credentials, secret));
    if (reply.sent) return reply;
    if (found === undefined) {
      return refuse(reply, 401, 'unauthorized', 'This secret is not known', 'send the value of dashboard.api_secret');
    }
    known.set(request, { name: found.name, how: 'bearer' });
    return undefined;
  }
  const session = sessionOf(request, terms);
  if (session !== undefined) {
    if (changes(request) && request.headers['x-helio-csrf'] !== session.csrf) {
      return refuse(
        reply,
        403,
        'csrf',
        'This request did not come from the dashboard',
        'reload the page and try again',
      );
    }
    known.set(request, { name: session.name, how: 'session' });
    return undefined;
  }
  if (terms.open) {
    known.set(request, { name: 'anyone', how: 'open' });
    return undefined;
  }
  return refuse(reply, 401, 'unauthorized', 'Nobody is logged in', 'log in, or send the secret as a bearer token');
}

/** Looks a secret up unless this peer has guessed too often; counts and records what is wrong. */
function tried(
  request: FastifyRequest,
  reply: FastifyReply,
  terms: LoginTerms,
  find: () => Credential | undefined,
): Credential | undefined {
  const nowMs = terms.nowMs();
  const waitMs = terms.throttle.waitMs(request.ip, nowMs);
  if (waitMs > 0) {
    const seconds = Math.ceil(waitMs / 1000);
    void refuse(
      reply.header('retry-after', String(seconds)),
      429,
      'throttled',
      `Too many wrong secrets: wait ${seconds} seconds`,
    );
    return undefined;
  }
  const found = find();
  if (found === undefined) {
    terms.throttle.failed(request.ip, nowMs);
    terms.emit('login_refused', { peer: request.ip });
  } else terms.throttle.succeeded(request.ip);
  return found;
}

const loginBody = z.union([
  z.strictObject({ secret: z.string().min(1).max(4096) }),
  z.strictObject({ once: z.string().min(1).max(200) }),
]);
const sessionAnswer = z.object({
  name: z.string(),
  how: z.enum(['session', 'bearer', 'open']),
  csrf: z.string(),
  expiresAtMs: z.number().nullable(),
});

/** `POST /api/login`: not behind the login itself. */
export function addLogin(app: FastifyInstance, terms: LoginTerms): void {
  app.post(
    '/api/login',
    described({ summary: 'Starts a browser session', body: loginBody, answer: sessionAnswer }),
    async (request, reply) => {
      const body = request.body as z.output<typeof loginBody>;
      const found = tried(request, reply, terms, () =>
        'once' in body ? terms.useLink(body.once) : findCredential(terms.credentials, body.secret),
      );
      if (reply.sent) return reply;
      if (found === undefined) {
        return 'once' in body
          ? refuse(
              reply,
              401,
              'link_used',
              'This link was used already or is not from this run',
              'restart Helio for a new one, or set dashboard.api_secret',
            )
          : refuse(reply, 401, 'unauthorized', 'This secret is not known');
      }
      const { token, session } = terms.sessions.start(found, terms.nowMs());
      terms.emit('login', { name: found.name, peer: request.ip });
      void reply.setCookie(cookieName(request), token, {
        path: '/',
        httpOnly: true,
        sameSite: 'lax',
        secure: terms.secure,
      });
      return { name: session.name, how: 'session', csrf: session.csrf, expiresAtMs: endsAtMs(session) };
    },
  );
}

/** `GET /api/session` answers 204 to a stranger: a page that asks who is there has done nothing wrong. */
export function addSession(app: FastifyInstance, terms: LoginTerms): void {
  app.get(
    '/api/session',
    described({ summary: 'Who is logged in; 204 when nobody is', answer: sessionAnswer }),
    async (request, reply) => {
      const session = sessionOf(request, terms);
      if (session !== undefined) {
        return { name: session.name, how: 'session', csrf: session.csrf, expiresAtMs: endsAtMs(session) };
      }
      return terms.open ? { name: 'anyone', how: 'open', csrf: '', expiresAtMs: null } : reply.code(204).send();
    },
  );
}

/** `POST /api/logout`, behind the login. */
export function addLogout(app: FastifyInstance, terms: LoginTerms): void {
  app.post('/logout', described({ summary: 'Ends the browser session' }), async (request, reply) => {
    const token = request.cookies[cookieName(request)];
    if (token !== undefined) terms.sessions.end(token);
    void reply.clearCookie(cookieName(request), { path: '/' });
    return { ok: true };
  });
}
