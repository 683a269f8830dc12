/** The operator's listener: headers, Host and Origin, the login, then each plugin's routes in a scope of their own. */
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Log, RoutesContribution } from '@gethelio/proxy/plugin';
import type { RouteDescription } from './contract.ts';
import type { HostCheck } from './hosts.ts';
import { addLogin, addLogout, addSession, letIn, type LoginTerms } from './login.ts';
import { openApi, type DescribedRoute } from './openapi.ts';
import { refuse } from './refused.ts';

/** Proved with Lit: constructable sheets need no inline style, and the one policy is Lit's own. */
const policy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'"],
  'connect-src': ["'self'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'self'"],
  'frame-ancestors': ["'none'"],
  'require-trusted-types-for': ["'script'"],
  'trusted-types': ['lit-html'],
};

export interface ListenerTerms extends LoginTerms {
  readonly hosts: HostCheck;
  readonly contributions: readonly RoutesContribution[];
  readonly version: string;
  readonly log: Log;
}

export async function buildRoutes(app: FastifyInstance, terms: ListenerTerms): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: policy },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    crossOriginEmbedderPolicy: false,
    strictTransportSecurity: terms.secure,
  });
  await app.register(cookie);

  app.addHook('onRequest', async (request, reply) => {
    if (!terms.hosts.host(request.headers.host)) {
      return refuse(
        reply,
        403,
        'foreign_host',
        'This Host is not allowed',
        'add it to dashboard.allowed_hosts, or set dashboard.public_url',
      );
    }
    if (!terms.hosts.origin(request.headers.origin) || isCrossSiteChange(request)) {
      return refuse(
        reply,
        403,
        'foreign_origin',
        'This Origin is not allowed',
        'open the dashboard under its own address',
      );
    }
    if (request.url.startsWith('/api/')) void reply.header('cache-control', 'no-store');
    return undefined;
  });

  const described: DescribedRoute[] = [];
  app.addHook('onRoute', (route) => {
    const description = descriptionOf(route.config);
    if (description === undefined) return;
    const plugin =
      (route.prefix === '' ? undefined : terms.contributions.find(({ prefix }) => prefix === route.prefix)?.plugin) ??
      'operator';
    for (const method of [route.method].flat()) {
      if (method !== 'HEAD') described.push({ method, url: route.url, plugin, description });
    }
  });
  app.addHook('preValidation', async (request, reply) => {
    const description = descriptionOf(request.routeOptions.config);
    for (const part of ['params', 'query', 'body'] as const) {
      const schema = description?.[part];
      if (schema === undefined) continue;
      const checked = schema.safeParse(request[part] ?? (part === 'body' ? {} : undefined));
      if (!checked.success) {
        const { path, message } = checked.error.issues[0]!;
        return refuse(reply, 400, 'bad_request', `${[part, ...path].join('.')}: ${message}`);
      }
      request[part] = checked.data;
    }
    return undefined;
  });

  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, status, error.code ?? 'bad_request', error.message);
    terms.log.error('a route failed', {
      route: request.routeOptions.url ?? request.url.split('?')[0]!,
      method: request.method,
      cause: String(error.stack ?? error),
    });
    return refuse(reply, status, 'failed', 'Something failed inside Helio; its log says what');
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, 404, 'not_found', 'Nothing is here'));

  addLogin(app, terms);
  addSession(app, terms);
  await app.register(
    async (scope) => {
      scope.addHook('onRequest', (request, reply) => letIn(request, reply, terms));
      addLogout(scope, terms);
      scope.get('/openapi.json', async () => openApi(described, terms.version));
    },
    { prefix: '/api' },
  );
  for (const { prefix, auth, build } of terms.contributions) {
    await app.register(
      async (scope) => {
        if (auth === 'operator') scope.addHook('onRequest', (request, reply) => letIn(request, reply, terms));
        else rawBodies(scope);
        await build(scope);
      },
      { prefix },
    );
  }
}

/** A signature is over the bytes as they came: `request.body` is a Buffer. */
function rawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** Browsers say where a request comes from; one that changes something comes from our own pages or from a script. */
function isCrossSiteChange(request: FastifyRequest): boolean {
  const site = request.headers['sec-fetch-site'];
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  return !isRead && site !== undefined && site !== 'same-origin' && site !== 'none';
}

function descriptionOf(config: unknown): RouteDescription | undefined {
  return (config as { helio?: RouteDescription } | undefined)?.helio;
}
