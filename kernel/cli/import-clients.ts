/** `helio init --from FILE|auto`: a template whose upstreams are the servers that a client has. */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { stringify } from 'yaml';
import { helioError } from '../errors.ts';
import type { JsonObject } from '../plugin.ts';
import { clients } from './clients/clients.ts';
import { readClientFile, toUpstreams, type Imported } from './clients/import.ts';
import { note } from './terminal.ts';

const ownUrls = ['http://127.0.0.1:3000/mcp', 'http://localhost:3000/mcp'];

/** The imported upstreams, or HELIO_CLI_USAGE when there is nothing to import. Tells what was skipped and why. */
export async function importFrom(from: string, asks: boolean): Promise<Imported> {
  const paths = from === 'auto' ? await chosen(asks) : [from];
  const upstreams: { [name: string]: JsonObject } = {};
  const needs = new Map<string, Imported['needs'][number]>();
  const skipped: Imported['skipped'][number][] = [];
  for (const path of paths) {
    const found = toUpstreams(await readClientFile(path), path, ownUrls, new Set(Object.keys(upstreams)));
    Object.assign(upstreams, found.upstreams);
    for (const need of found.needs) needs.set(need.name, needs.get(need.name)?.from ? needs.get(need.name)! : need);
    skipped.push(...found.skipped);
    for (const { name, why } of found.skipped) note(`skipped "${name}" of ${path}: ${why}`);
  }
  if (Object.keys(upstreams).length === 0)
    throw helioError('HELIO_CLI_USAGE', {
      detail: `${paths.join(', ')} has no server to import`,
      command: 'helio init',
    });
  return { upstreams, needs: [...needs.values()], skipped };
}

/** The template with its upstream replaced; one server stands under `upstream`, several under `upstreams`. */
export function withUpstreams(template: string, { upstreams }: Imported): string {
  const entries = Object.entries(upstreams);
  const section = entries.length === 1 ? { upstream: { name: entries[0]![0], ...entries[0]![1] } } : { upstreams };
  const text = stringify(section, { lineWidth: 0, singleQuote: true });
  return template.replace(/^upstream:\n(?:[ \t]+.*\n)+/m, () => text);
}

/** Values are not shown: they stand where they stood. */
export function exportLines({ needs }: Imported): readonly string[] {
  return needs.map(({ name, from }) => `export ${name}=...${from === undefined ? '' : `  # its value: ${from}`}`);
}

async function chosen(asks: boolean): Promise<readonly string[]> {
  const files = [...new Set(clients().flatMap(({ files }) => files))].filter((path) => existsSync(path));
  const withServers: string[] = [];
  for (const path of files) {
    const servers = await readClientFile(path).catch(() => ({}));
    if (Object.keys(servers).length > 0) withServers.push(path);
  }
  if (withServers.length === 0)
    throw helioError('HELIO_CLI_USAGE', { detail: 'no file of a known client has servers', command: 'helio init' });
  for (const [index, path] of withServers.entries()) note(`  ${index + 1}  ${path}`);
  if (!asks) return withServers;
  if (!process.stdin.isTTY)
    throw helioError('HELIO_CLI_USAGE', {
      detail: 'choose one with --from FILE, or take all of them with --yes',
      command: 'helio init',
    });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question('Import which? (numbers, or Enter for all) ');
  lines.close();
  const numbers = answer.match(/\d+/g)?.map(Number) ?? withServers.map((_, index) => index + 1);
  return numbers.flatMap((number) => withServers[number - 1] ?? []);
}
