/** The listener: Origin, Host and token first, then the SDK's routes and the adapter's. */
import type { Log } from '@gethelio/proxy/plugin';
import type { FastifyInstance } from 'fastify';
import { addAdapterRoutes, type AdapterTerms } from './adapter-routes.ts';
import { readBodiesStrictly } from './body.ts';
import { checkOrigin, checkToken, type EntranceTerms } from './entrance.ts';
import { Refused, refuse } from './refused.ts';
import { addSdkRoutes, type SdkTerms } from './sdk-routes.ts';

export type SidebandTerms = EntranceTerms & SdkTerms & AdapterTerms & { readonly log: Log };

export async function buildRoutes(app: FastifyInstance, terms: SidebandTerms): Promise<void> {
  readBodiesStrictly(app);
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('cache-control', 'no-store');
    checkOrigin(request, terms);
  });
  app.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    if (error instanceof Refused) return refuse(reply, error);
    const status = error.statusCode ?? 500;
    if (status < 500) return refuse(reply, new Refused(status, codeOf(status), error.message));
    terms.log.error('a route failed', {
      route: request.routeOptions.url ?? '',
      cause: String(error.stack ?? error),
    });
    return refuse(reply, new Refused(503, 'failed', 'Something failed inside Helio; its log says what'));
  });
  app.setNotFoundHandler((_request, reply) => refuse(reply, new Refused(404, 'not_found', 'Nothing is here')));

  app.get('/healthz', async () => ({ status: 'ok' }));
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request) => checkToken(request, 'sdk', terms));
    addSdkRoutes(scope, terms);
  });
  await app.register(async (scope) => {
    scope.addHook('onRequest', async (request) => checkToken(request, 'adapter', terms));
    addAdapterRoutes(scope, terms);
  });
}

const codeOf = (status: number): string =>
  status === 413 ? 'too_large' : status === 415 ? 'unsupported_media_type' : 'bad_request';
