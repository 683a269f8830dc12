/** The sections of helio.yaml that belong to the kernel itself. */
import { z } from 'zod';
import { listenSection, upstreamSection, upstreamsSection } from '../mcp/config.ts';
import { duration } from './duration.ts';

const pluginEntry = z.union([
  z.string().min(1).describe('A standard plugin, an npm package, or a file relative to this one.'),
  z.strictObject({
    use: z
      .string()
      .min(1)
      .describe('A standard plugin, an npm package, a file relative to this one, or the URL of a decider.'),
    timeout: duration()
      .optional()
      .describe("How long each of the plugin's taps may take, in place of its own deadlines."),
    on_error: z.literal('continue').optional().describe('Go on when it fails. Only for plugins that merely observe.'),
    config: z.json().optional().describe("The plugin's configuration, in place of a section of its own."),
  }),
]);

/** `plugins:` completed to entries. */
export const pluginEntries = z.array(pluginEntry).transform((entries) =>
  entries.map((entry) =>
    typeof entry === 'string'
      ? { use: entry }
      : {
          use: entry.use,
          ...(entry.timeout !== undefined && { timeoutMs: entry.timeout }),
          ...(entry.on_error !== undefined && { onError: entry.on_error }),
          ...(entry.config !== undefined && { config: entry.config }),
        },
  ),
);

/** Section name to schema. Everything else in helio.yaml belongs to a plugin. */
export const kernelSchemas = {
  version: z.literal('1').describe("The version of this file's format."),
  environment: z
    .string()
    .min(1)
    .optional()
    .describe('The name of this environment (production, staging, ...), for rules and for people.'),
  upstream: upstreamSection.optional().describe('The MCP server that Helio stands in front of.'),
  upstreams: upstreamsSection
    .optional()
    .describe('Several MCP servers, by name, merged at /mcp and each alone at /mcp/NAME.'),
  listen: listenSection.describe('Where agents connect.'),
  plugins: pluginEntries.optional().describe('Exactly these plugins. Left out: the standard set.'),
  log: z
    .strictObject({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('The least level that is written to standard error.'),
    })
    .default({ level: 'info' })
    .describe("Helio's own log."),
} as const;
