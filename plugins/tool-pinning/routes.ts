/** `/api/tools`: the pins, and accepting them. */
import { described } from '@gethelio/proxy/contracts/operator';
import type { JsonObject } from '@gethelio/proxy/plugin';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Book } from './book.ts';
import { differences, viewOf } from './pin.ts';

const acceptBody = z.strictObject({
  upstream: z.string().min(1),
  name: z.string().min(1),
  hash: z
    .string()
    .optional()
    .describe('The definition that you looked at (`currentHash`); refused when it is another one by now.'),
});

export function toolRoutes(
  app: FastifyInstance,
  world: {
    readonly book: Book;
    readonly clock: { nowMs(): number };
    readonly mode: () => string;
    readonly who: (request: FastifyRequest) => string;
    checkAll(): Promise<void>;
    emit(kind: string, data: JsonObject): void;
  },
): void {
  const { book, clock } = world;
  app.get('/', described({ summary: 'Every tool with its pinned and its current definition' }), () => ({
    on_tool_drift: world.mode(),
    tools: book.all().map((pin) => {
      const view = viewOf(pin);
      return { ...view, differences: view.current === null ? [] : differences(view.pinned, view.current) };
    }),
  }));
  app.post('/check', described({ summary: 'Ask every upstream for its tools now' }), async () => {
    await world.checkAll();
    return { tools: book.all().map(viewOf) };
  });
  app.post(
    '/accept',
    described({ summary: "Accept a tool's current definition", body: acceptBody }),
    async (request, reply) => {
      const { upstream, name, hash } = request.body as z.output<typeof acceptBody>;
      const by = world.who(request);
      const result = await book.accept(upstream, name, by, clock.nowMs(), hash);
      if (result === 'unknown')
        return reply.code(404).send({ error: `no tool "${name}" of upstream "${upstream}" is pinned` });
      if (result === 'moved on')
        return reply.code(409).send({ error: 'the definition has changed again since you looked at it' });
      world.emit('tool_accepted', { upstream, tool: name, by, hash: result.hash });
      return viewOf(result);
    },
  );
}
