/** Tool definition drift: what a tool says of itself is pinned, and a changed one waits for a person. */
import {
  cliCommand,
  definePlugin,
  defineFact,
  duration,
  type Json,
  type JsonObject,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { auditField } from '@gethelio/proxy/contracts/audit';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { policySetting } from '@gethelio/proxy/contracts/policy';
import { commit, documents } from '@gethelio/proxy/contracts/state';
import { z } from 'zod';
import { createBook, type Finding } from './book.ts';
import { toolCommands } from './commands.ts';
import { hashOf, stateOf, type Pin } from './pin.ts';
import { toolRoutes } from './routes.ts';

const modes = ['block', 'require_approval', 'log'] as const;
type Mode = (typeof modes)[number];

export const pinningConfig = z
  .strictObject({
    check_every: duration()
      .prefault('10m')
      .describe('How often every upstream is asked for its tools. 0s: only lists that pass are looked at.'),
    lock: z
      .string()
      .default('helio.lock')
      .describe(
        'The file for Git that `helio tools accept --lock` writes and `helio tools check` compares, relative to helio.yaml.',
      ),
  })
  .prefault({});

/** Set when the called tool is not what was pinned. */
const drifted = defineFact<{ readonly change: 'changed' | 'new' }>('tool-pinning.drifted');

export const toolPinning = definePlugin({
  name: 'tool-pinning',
  apiVersion: 1,
  summary: 'Pins tool definitions; a changed tool is blocked, held or logged until someone accepts it.',
  config: pinningConfig,
  taps: ['evaluate', 'afterResponse', 'onDecision'],
  needs: { commit, documents },
  wants: { access: operatorAccess },
  register(api) {
    const { config, needs, wants, hooks, contribute, clock, kernel, log, emit } = api;
    let mode: Mode = 'block';
    contribute(policySetting, {
      key: 'on_tool_drift',
      summary: 'What happens to calls of a tool whose definition changed since it was accepted. Default: block.',
      schema: z.enum(modes),
      use: (value: Mode | undefined) => void (mode = value ?? 'block'),
    });
    contribute(auditField, {
      key: 'flags',
      value: ({ facts }) => (facts.get(drifted) ? [`tool_${facts.get(drifted)!.change}`] : undefined),
    });

    const book = createBook(needs);
    async function look(upstream: string, definitions: readonly JsonObject[], whole: boolean): Promise<void> {
      for (const finding of await book.observe(upstream, definitions, whole, clock.nowMs())) tell(finding);
    }
    function tell({ upstream, tool, change }: Finding): void {
      log.warn('a tool is not what it was', { upstream, tool, change });
      emit('tool_drift', { upstream, tool, change });
    }

    // A changed tool is found on the very call that would use it, whether or not a list has passed since.
    hooks.evaluate.tap({ stage: 'guard' }, ({ call, tool, facts }): Verdict | undefined => {
      if (tool === undefined || call.kind !== 'tool') return undefined;
      const pin = book.get(call.upstream, call.name);
      if (pin === undefined) {
        if (book.hasBaseline(call.upstream)) facts.set(drifted, { change: 'new' });
        return undefined;
      }
      if (pin.drift === null && pin.hash === hashOf(tool.raw)) return undefined;
      facts.set(drifted, { change: 'changed' });
      return mode === 'log' ? undefined : verdictOn(pin, mode);
    });

    // Every page is looked at before the client reads it. The last page of a list that began at its beginning is whole
    // only when it is the only one; several pages are compared on the interval, all at once.
    hooks.afterResponse.tap({ stage: 'annotate' }, async (answer, { call }) => {
      if (call.kind !== 'list' || call.name !== 'tools/list' || answer.kind !== 'result') return undefined;
      const { tools, nextCursor } = answer.value() as { tools?: Json; nextCursor?: Json };
      if (!Array.isArray(tools)) return undefined;
      const isWhole = nextCursor === undefined && call.arguments['cursor'] === undefined;
      await look(call.upstream, tools as JsonObject[], isWhole);
      return undefined;
    });
    hooks.onDecision.tap(async ({ call, facts }) => {
      if (call === undefined || call.kind !== 'tool') return;
      const isUnpinned = book.get(call.upstream, call.name) === undefined;
      if (facts.get(drifted) !== undefined || isUnpinned) await checkUpstream(call.upstream, false);
    });

    const checking = new Map<string, Promise<void>>();
    /** All tools, all pages; one question at a time per upstream. */
    function checkUpstream(upstream: string, fresh: boolean): Promise<void> {
      const running = checking.get(upstream);
      if (running !== undefined) return running;
      const check = kernel
        .tools(upstream, { fresh })
        .then((tools) =>
          tools.length === 0
            ? undefined
            : look(
                upstream,
                tools.map(({ raw }) => raw),
                true,
              ),
        )
        .catch((cause: unknown) =>
          log.debug('the tools of an upstream could not be compared', { upstream, reason: String(cause) }),
        )
        .finally(() => checking.delete(upstream));
      checking.set(upstream, check);
      return check;
    }
    const checkAll = async (): Promise<void> => {
      for (const { name } of kernel.upstreams()) await checkUpstream(name, true);
    };

    let timer: NodeJS.Timeout | undefined;
    let unwatch = (): void => {};
    api.onStart(async () => {
      await book.load();
      unwatch = book.watch();
      if (config.check_every > 0) timer = setInterval(() => void checkAll(), config.check_every).unref();
    });
    api.onStop(() => {
      clearInterval(timer);
      unwatch();
    });

    api.routes(
      (app) =>
        toolRoutes(app, {
          book,
          checkAll,
          clock,
          emit,
          mode: () => mode,
          who: (request) => wants.access?.who(request).name ?? 'operator',
        }),
      { prefix: '/api/tools' },
    );
    for (const command of toolCommands({ lock: config.lock, configDir: api.configDir, kernel, book, clock }))
      contribute(cliCommand, command);
  },
});
export default toolPinning;

function verdictOn(pin: Pin, mode: Exclude<Mode, 'log'>): Verdict {
  const since = pin.drift === null ? '' : ` on ${new Date(pin.drift.atMs).toISOString()}`;
  return {
    effect: mode === 'block' ? 'deny' : 'hold',
    code: 'tool_definition_drift',
    reason: `The definition of ${pin.name} changed${since} and nobody has accepted it yet.`,
    suggestion: `Use another tool, or ask the operator to look at it: helio tools diff ${pin.name}`,
    details: { tool: pin.name, state: stateOf(pin) === 'pinned' ? 'changed' : stateOf(pin) },
    retry: { allowed: true },
  };
}
