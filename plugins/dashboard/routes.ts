/** The pages' own API: status, plugins, config, panels, overview, sessions, the catalogue, the event stream. */
import type { FastifyInstance } from 'fastify';
import type { KernelApi } from '@gethelio/proxy/plugin';
import type { AuditFeed, AuditTrail } from '@gethelio/proxy/contracts/audit';
import type { CompletedSteps } from '@gethelio/proxy/contracts/dependencies';
import type { EvidenceBook } from '@gethelio/proxy/contracts/evidence';
import { described } from '@gethelio/proxy/contracts/operator';
import { z } from 'zod';
import type { DashboardPanel } from './contract.ts';
import { createOverview } from './overview.ts';
import { panelViews } from './panels.ts';
import { readSession, readSessions } from './sessions.ts';
import { readStatus, type StatusTerms } from './status.ts';
import type { Stream } from './stream.ts';

export interface RouteTerms extends StatusTerms {
  readonly trail: AuditTrail | undefined;
  readonly feed: AuditFeed | undefined;
  readonly panels: readonly DashboardPanel[];
  readonly books: { readonly evidence: EvidenceBook | undefined; readonly steps: CompletedSteps | undefined };
  readonly stream: Stream;
  nowMs(): number;
}

const sessionId = z.object({ id: z.string().min(1).max(1000) });
const place = z.object({
  last: z
    .string()
    .regex(/^\d{1,15}$/)
    .optional()
    .catch(undefined),
});

export function addRoutes(app: FastifyInstance, terms: RouteTerms): void {
  const { kernel, trail, feed, stream } = terms;
  const overview = createOverview(trail, terms.nowMs);

  app.get('/status', described({ summary: 'Which Helio this is and what it enforces' }), async () => readStatus(terms));
  app.get('/panels', described({ summary: 'Panels that plugins bring' }), async () => ({
    panels: panelViews(terms.panels),
  }));
  app.get('/overview', described({ summary: 'The last 24 hours in numbers' }), () => overview());
  app.get('/plugins', described({ summary: 'Loaded plugins, their taps and health' }), async () => {
    const { sections } = kernel.configuration();
    return { plugins: kernel.plugins().map((plugin) => ({ ...plugin, config: sections[plugin.section] ?? null })) };
  });
  app.get('/config', described({ summary: 'The config as loaded, secrets masked' }), async () => {
    const { text: _text, ...config } = kernel.configuration(); // the text as written may hold a secret that only the schema knows of
    return config;
  });
  app.get('/catalogue', described({ summary: 'The tools that the upstreams advertise' }), () => readCatalogue(kernel));

  app.get('/sessions', described({ summary: 'Sessions of the newest thousand calls' }), async () => ({
    sessions: trail === undefined ? [] : await readSessions(trail),
  }));
  app.get('/sessions/:id', described({ summary: 'One session', params: sessionId }), async (request, reply) => {
    const { id } = request.params as z.output<typeof sessionId>;
    return (trail === undefined ? undefined : await readSession(trail, terms.books, id)) ?? reply.callNotFound();
  });

  app.get(
    '/events',
    described({ summary: 'What happens, as server-sent events', query: place }),
    async (request, reply) => {
      const header = request.headers['last-event-id'];
      const last =
        typeof header === 'string' && /^\d{1,15}$/.test(header)
          ? header
          : (request.query as z.output<typeof place>).last;
      reply.hijack();
      reply.raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const opened = await stream.open(
        reply.raw,
        last === undefined ? undefined : Number(last),
        feed === undefined ? undefined : (seq) => feed.since(seq),
      );
      if (!opened) reply.raw.end('event: resync\ndata: {"why":"too many readers"}\n\n');
    },
  );
}

/** An upstream that does not answer is left out: its state says why. */
async function readCatalogue(kernel: KernelApi) {
  const lists = await Promise.all(
    kernel.upstreams().map(async ({ name }) =>
      (await kernel.tools(name).catch(() => [])).map((tool) => ({
        upstream: name,
        name: tool.name,
        title: tool.title ?? tool.annotations.title ?? '',
        description: tool.description ?? '',
        annotations: tool.annotations,
        definition: tool.raw,
      })),
    ),
  );
  return { tools: lists.flat() };
}
