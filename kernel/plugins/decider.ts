/** `use: http://127.0.0.1:7000/decide`: a plugin in another process, asked over HTTP and JSON before a call may pass. */
import { Agent } from 'undici';
import { z } from 'zod';
import { definePlugin, defineFact } from '../define.ts';
import { duration } from '../config/duration.ts';
import { secret } from '../config/secret.ts';
import { helioError } from '../errors.ts';
import { writeJson } from '../mcp/write-json.ts';
import type { CallContext, Fact, PluginDefinition, Verdict } from '../plugin.ts';

/** By name, as any plugin could write it: set when identity is loaded, absent otherwise. */
const session: Fact<{ readonly id: string }> = defineFact('identity.session');
const agent: Fact<{ readonly id: string }> = defineFact('identity.agent');

const maxAnswerBytes = 64 * 1024;

const config = z
  .strictObject({
    token: secret().optional().describe('Sent as "Authorization: Bearer ...".'),
    deadline: duration()
      .prefault('500ms')
      .describe('How long an answer may take. Without one in time the call is denied.'),
  })
  .prefault({});

const answer = z.strictObject({
  verdicts: z
    .array(
      z.strictObject({
        effect: z.enum(['allow', 'hold', 'simulate', 'deny']),
        code: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
        reason: z.string().min(1).max(2_000),
        suggestion: z.string().max(2_000).optional(),
        details: z.record(z.string(), z.json()).optional(),
        retry: z.strictObject({ allowed: z.boolean(), afterMs: z.int().min(0).optional() }).optional(),
      }),
    )
    .max(16),
});

/** The plugin that asks this URL. Throws HELIO_PLUGIN_URL. */
export function createDecider(use: string): PluginDefinition {
  const url = readUrl(use);
  const decider = definePlugin({
    name: nameOf(url),
    apiVersion: 1,
    summary: `Asks ${url.origin} before every call.`,
    config,
    taps: ['evaluate'],
    reaches: { network: [url.host] },
    register(api) {
      const { token, deadline: deadlineMs } = api.config;
      const dispatcher = new Agent({
        connections: 64,
        connect: { timeout: deadlineMs },
        maxResponseSize: maxAnswerBytes,
      });
      // A failure of any kind is thrown: the kernel denies the call and names this plugin.
      api.hooks.evaluate.tap({ timeoutMs: deadlineMs }, async (ctx): Promise<readonly Verdict[]> => {
        const { statusCode, headers, body } = await dispatcher.request({
          origin: url.origin,
          path: `${url.pathname}${url.search}`,
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            accept: 'application/json',
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
          },
          body: questionOf(ctx, api.environment),
          headersTimeout: deadlineMs,
          bodyTimeout: deadlineMs,
          signal: ctx.signal,
        });
        const text = await body.text();
        // Redirects too: the question holds the arguments, and goes to the address in helio.yaml alone.
        if (statusCode !== 200) throw new Error(`the decider answered ${statusCode}`);
        if (!String(headers['content-type']).startsWith('application/json'))
          throw new Error('the decider answered something that is not application/json');
        const said = answer.safeParse(JSON.parse(text));
        if (!said.success)
          throw new Error(`the decider answered nonsense: ${z.prettifyError(said.error).split('\n')[0]}`);
        return said.data.verdicts as readonly Verdict[];
      });
      api.onStop(() => dispatcher.destroy());
    },
  });
  return decider as unknown as PluginDefinition;
}

/** docs/authors/deciders.md has the schema. Numbers in the arguments are written as the client wrote them. */
function questionOf({ call, tool, facts, nowMs, mode }: CallContext, environment: string | undefined): string {
  const { id, kind, upstream, name, arguments: args } = call;
  const rest = {
    version: 1,
    mode,
    now: new Date(nowMs).toISOString(),
    environment: environment ?? null,
    session: facts.get(session)?.id ?? null,
    agent: facts.get(agent)?.id ?? null,
    tool: tool === undefined ? null : { description: tool.description ?? null, annotations: { ...tool.annotations } },
  };
  const head = JSON.stringify({ id, kind, upstream, name }).slice(0, -1);
  return `${JSON.stringify(rest).slice(0, -1)},"call":${head},"arguments":${writeJson(args)}}}`;
}

function readUrl(use: string): URL {
  const refuse = (reason: string) => helioError('HELIO_PLUGIN_URL', { use: withoutUser(use), reason });
  let url: URL;
  try {
    url = new URL(use);
  } catch {
    throw refuse('it is no URL');
  }
  if (url.username !== '' || url.password !== '')
    throw refuse('it holds a password; write config: { token: ... } beside it');
  const isLocal = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLocal) throw refuse('over the network a decider needs https');
  return url;
}

/** `decider-127-0-0-1-7000-decide`: the same URL has the same name, and so the same section. */
function nameOf(url: URL): string {
  const words = `${url.hostname}-${url.port}${url.pathname}`.toLowerCase().split(/[^a-z0-9]+/);
  return ['decider', ...words.filter((word) => word !== '')].join('-');
}
const withoutUser = (use: string): string => use.replace(/\/\/[^/@]*@/, '//');
