/** The built front end, from dist/dashboard. Every path that is no file is a page, which the front end draws. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

/** From the build this file is dist/plugins/dashboard/files.js, from source plugins/dashboard/files.ts. */
const folder = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/dashboard/' : '../../dashboard/', import.meta.url),
);
const notPages = ['/api/', '/hooks/', '/plugins/', '/assets/'];

export async function serveFiles(app: FastifyInstance): Promise<void> {
  if (!existsSync(`${folder}index.html`)) {
    app.get('/', async (_request, reply) =>
      reply.code(503).type('text/plain').send('The dashboard is not built: run "npm run build".\n'),
    );
    return;
  }
  await app.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    cacheControl: false,
    setHeaders: (reply, path) =>
      void reply.header(
        'cache-control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      ),
  });
  app.get('/*', async (request, reply) => {
    if (notPages.some((prefix) => request.url.startsWith(prefix))) return reply.callNotFound();
    return reply.sendFile('index.html');
  });
}
