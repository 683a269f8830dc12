/** Browsers that are logged in. In memory: a restart asks for the secret again. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { digestOf, type Credential } from './credentials.ts';

const idleMs = 12 * 3_600_000;
const longestMs = 7 * 24 * 3_600_000;
const mostSessions = 1_000;

export interface Session {
  readonly name: string;
  /** Sent back in a header with every change: another site can make the browser send the cookie, but cannot read this. */
  readonly csrf: string;
  readonly credential: Buffer;
  readonly startedAtMs: number;
  lastAtMs: number;
}

export interface Sessions {
  /** Returns the cookie's value; only its digest is kept. */
  start(credential: Credential, nowMs: number): { readonly token: string; readonly session: Session };
  /** Undefined when it is over, or when the secret it began with is no longer among `credentials`. */
  find(token: string, credentials: readonly Credential[], nowMs: number): Session | undefined;
  end(token: string): void;
}

export function createSessions(): Sessions {
  const sessions = new Map<string, Session>();
  const keyOf = (token: string): string => digestOf(token).toString('base64');
  return {
    start(credential, nowMs) {
      const token = randomBytes(32).toString('base64url');
      const session: Session = {
        name: credential.name,
        csrf: randomBytes(24).toString('base64url'),
        credential: credential.digest,
        startedAtMs: nowMs,
        lastAtMs: nowMs,
      };
      sessions.set(keyOf(token), session);
      if (sessions.size > mostSessions) sessions.delete(sessions.keys().next().value as string);
      return { token, session };
    },
    find(token, credentials, nowMs) {
      const key = keyOf(token);
      const session = sessions.get(key);
      if (session === undefined) return undefined;
      const isOver = nowMs - session.lastAtMs > idleMs || nowMs - session.startedAtMs > longestMs;
      const isKnown = credentials.some(
        ({ name, digest }) => name === session.name && timingSafeEqual(digest, session.credential),
      );
      if (isOver || !isKnown) {
        sessions.delete(key);
        return undefined;
      }
      session.lastAtMs = nowMs;
      return session;
    },
    end: (token) => void sessions.delete(keyOf(token)),
  };
}

/** When a session ends if nothing happens any more. */
export function endsAtMs(session: Session): number {
  return Math.min(session.lastAtMs + idleMs, session.startedAtMs + longestMs);
}
