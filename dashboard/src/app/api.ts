/** Talks to the operator's API: JSON in and out, the CSRF token with every change, one error for every refusal. */
import { parseExact } from './exact-json.ts';
import type { SessionInfo } from '../api-types.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface ApiOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Api {
  call<T>(path: string, options?: ApiOptions): Promise<T>;
  get<T>(path: string, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  session(): SessionInfo | undefined;
  /** Who is logged in; undefined when nobody is. */
  readSession(): Promise<SessionInfo | undefined>;
  login(secret: { readonly secret: string; readonly name?: string } | { readonly once: string }): Promise<SessionInfo>;
  logout(): Promise<void>;
}

/** `signedOut` runs when the server says that the session is over. */
export function createApi(signedOut: () => void): Api {
  let session: SessionInfo | undefined;

  async function call<T>(path: string, options: ApiOptions = {}): Promise<T> {
    const method = options.method ?? 'GET';
    const headers: Record<string, string> = { accept: 'application/json' };
    if (options.body !== undefined) headers['content-type'] = 'application/json';
    if (method !== 'GET' && session !== undefined) headers['x-helio-csrf'] = session.csrf;
    let response: Response;
    try {
      response = await fetch(path, {
        method,
        headers,
        credentials: 'same-origin',
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw new ApiError(0, 'unreachable', 'Helio does not answer. Is it running?');
    }
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    const value: unknown = json && text !== '' ? parseExact(text) : text;
    if (response.ok) return value as T;
    const error = (value as { error?: { code?: string; message?: string } | string }).error;
    const code = typeof error === 'object' ? (error.code ?? '') : '';
    const message = typeof error === 'object' ? error.message : typeof error === 'string' ? error : undefined;
    if (response.status === 401 && session !== undefined) {
      session = undefined;
      signedOut();
    }
    throw new ApiError(response.status, code, message ?? `Helio answered ${response.status}`);
  }

  return {
    call,
    get: (path, signal) => call(path, signal === undefined ? {} : { signal }),
    post: (path, body) => call(path, { method: 'POST', body: body ?? {} }),
    session: () => session,
    async readSession() {
      const answer = await call<SessionInfo | ''>('/api/session');
      session = answer === '' ? undefined : answer;
      return session;
    },
    async login(secret) {
      session = await call<SessionInfo>('/api/login', { method: 'POST', body: secret });
      return session;
    },
    async logout() {
      await call('/api/logout', { method: 'POST', body: {} });
      session = undefined;
      signedOut();
    },
  };
}
