/** The config sections `listen`, `upstream` and `upstreams`. */
import { z } from 'zod';
import { byteSize, duration } from '../config/duration.ts';
import { secret } from '../config/secret.ts';

const loopbackHosts = new Set(['127.0.0.1', 'localhost', '::1', '[::1]']);

/** Whether an address is reachable from this machine only. */
export function isLoopback(host: string): boolean {
  return loopbackHosts.has(host) || /^127\.\d+\.\d+\.\d+$/.test(host);
}

export const listenSection = z
  .strictObject({
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but loopback also needs allow_remote.'),
    port: z.number().int().min(0).max(65535).default(3000).describe('Port of /mcp. 0 takes a free one.'),
    allow_remote: z.boolean().default(false).describe('Allows an address that other machines can reach.'),
    allowed_origins: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Browser origins that may call, e.g. https://inspector.example. Loopback origins always may; null never.',
      ),
    allowed_hosts: z
      .array(z.string().min(1))
      .default([])
      .describe('Host header values that are accepted beside loopback names, e.g. helio.internal:3000.'),
    body_limit: byteSize()
      .default(4 * 1024 * 1024)
      .describe('Largest request body; more is answered with 413.'),
    drain_timeout: duration().default(10_000).describe('How long calls in flight may finish when Helio stops.'),
    separator: z
      .string()
      .regex(
        /^(?=.*[_.])[A-Za-z0-9_.-]{1,4}$/,
        'must be 1 to 4 of A-Z a-z 0-9 _ . - with a _ or . among them, which no upstream name holds',
      )
      .default('__')
      .describe('Between upstream and name when several upstreams are merged: shop__create_payment.'),
  })
  .refine((listen) => listen.allow_remote || isLoopback(listen.host), {
    path: ['host'],
    error: 'other machines could reach this address: add allow_remote: true beside it, or use 127.0.0.1',
  })
  .prefault({});
export type ListenConfig = z.output<typeof listenSection>;

const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'must be a header name');
const headerValue = z.string().regex(/^[^\r\n\0]*$/, 'must not hold line breaks');

const oauth = z.strictObject({
  type: z
    .literal('oauth')
    .describe('Helio fetches a token of its own with the client credentials grant (RFC 6749, 4.4).'),
  token_url: z.url().describe('Token endpoint of the authorization server.'),
  client_id: z.string().min(1).describe('Client id.'),
  client_secret: secret().describe('Client secret.'),
  scope: z.string().optional().describe('Scopes, separated by spaces.'),
  audience: z.string().optional().describe('Resource indicator (RFC 8707) sent as resource.'),
});

const common = {
  timeout: duration().default(600_000).describe('How long an answer may take before the call counts as unknown.'),
  annotations: z
    .enum(['trusted', 'untrusted'])
    .default('trusted')
    .describe('untrusted: hints that loosen (readOnlyHint true, destructiveHint false) count as absent.'),
};

const upstreamName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,31}$/, 'must be 1 to 32 letters, digits or hyphens');

export const upstreamEntry = z
  .strictObject({
    name: upstreamName
      .optional()
      .describe('What rules and records call it. Default: default, or its key in upstreams.'),
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('URL of an MCP server over HTTP.'),
    transport: z
      .enum(['http', 'sse', 'stdio'])
      .optional()
      .describe('http (streamable HTTP, the default for url), sse (legacy HTTP+SSE), stdio (the default for command).'),
    command: z.string().min(1).optional().describe('Program of an MCP server over stdio; started without a shell.'),
    args: z.array(z.string()).optional().describe('Its arguments.'),
    env: z
      .record(z.string(), secret(z.string()))
      .optional()
      .describe('Its environment, beside PATH, HOME and the like. It gets nothing else of the environment of Helio.'),
    inherit_env: z
      .boolean()
      .optional()
      .describe(
        'Gives it the environment of Helio too, all but HELIO_*. What `helio stdio -- COMMAND` does. Default: false.',
      ),
    cwd: z
      .string()
      .min(1)
      .optional()
      .describe('Its working folder, relative to helio.yaml. Default: the folder of helio.yaml.'),
    headers: z
      .record(headerName, secret(headerValue))
      .optional()
      .describe('Headers added to every request; they win over the headers of the client.'),
    forward_headers: z
      .array(headerName)
      .optional()
      .describe('Only these headers of the client go on, beside those of MCP. Left out: all but hop-by-hop ones.'),
    auth: z
      .union([z.enum(['passthrough', 'none']), oauth])
      .default('passthrough')
      .describe(
        'passthrough: Authorization of the client and OAuth metadata go through. none: Authorization is removed. Or type: oauth.',
      ),
    connect_timeout: duration().default(10_000).describe('How long opening a connection may take.'),
    ...common,
  })
  .superRefine((entry, ctx) => {
    const wrong = (path: string, message: string) => ctx.addIssue({ code: 'custom', path: [path], message });
    if (entry.url === undefined && entry.command === undefined) {
      return ctx.addIssue({ code: 'custom', path: [], message: 'needs url (HTTP) or command (stdio)' });
    }
    if (entry.url !== undefined && entry.command !== undefined)
      return wrong('command', 'url and command exclude each other');
    if (entry.command !== undefined) {
      if (entry.transport !== undefined && entry.transport !== 'stdio') wrong('transport', 'a command speaks stdio');
      if (typeof entry.auth === 'object') wrong('auth', 'only an upstream with url has OAuth');
      for (const key of ['headers', 'forward_headers'] as const)
        if (entry[key] !== undefined) wrong(key, 'only an upstream with url has headers');
    } else {
      if (entry.transport === 'sse' && typeof entry.auth === 'object')
        wrong('auth', 'type: oauth needs streamable HTTP');
      if (entry.transport === 'stdio') wrong('transport', 'stdio needs command instead of url');
      for (const key of ['args', 'env', 'inherit_env', 'cwd'] as const)
        if (entry[key] !== undefined) wrong(key, 'only an upstream with command has this');
    }
  });
export type UpstreamConfig = z.output<typeof upstreamEntry>;

/** What the kernel calls an upstream that has no name of its own. */
export const loneUpstreamName = 'default';

export const upstreamSection = upstreamEntry;

export const upstreamsSection = z
  .record(upstreamName, upstreamEntry)
  .refine((entries) => Object.keys(entries).length > 0, 'needs at least one upstream')
  .superRefine((entries, ctx) => {
    for (const [key, { name }] of Object.entries(entries))
      if (name !== undefined && name !== key)
        ctx.addIssue({ code: 'custom', path: [key, 'name'], message: `it is called "${key}" here: remove name` });
  })
  .describe('Several upstreams by name: merged at /mcp with a prefix, each alone at /mcp/NAME.');

export function transportOf(entry: UpstreamConfig): 'http' | 'sse' | 'stdio' {
  return entry.transport ?? (entry.command !== undefined ? 'stdio' : 'http');
}
