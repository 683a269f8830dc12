/** `helio audit export`: any number of rows as JSON, NDJSON or CSV, piece by piece. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CliCommand } from '@gethelio/proxy/plugin';
import { formats, type Format } from '../export/formats.ts';
import { countOf, tell, usageExit, withTrail, type Place } from './open.ts';

export function exportCommand(name: string, place: Place): CliCommand {
  return {
    name,
    summary: name === 'export' ? 'Short for "audit export".' : 'Writes rows as JSON, NDJSON or CSV, oldest first.',
    arguments: [{ name: 'query', description: 'which rows; all when left out' }],
    options: [
      { flags: '--format <format>', description: `${formats.join(', ')} (default json)` },
      { flags: '--output <file>', description: 'write here (0600) instead of standard output' },
      { flags: '--limit <n>', description: 'at most so many rows' },
      { flags: '--newest-first', description: 'the other way round' },
    ],
    run: (input) =>
      withTrail(place, input, async (operations) => {
        const format = String(input.options['format'] ?? 'json') as Format;
        const limit = countOf(input.options['limit']);
        const file = input.options['output'];
        if (!formats.includes(format))
          return (tell(input, 'HELIO_CLI_USAGE', `--format must be one of ${formats.join(', ')}`), usageExit);
        if (Number.isNaN(limit))
          return (tell(input, 'HELIO_CLI_USAGE', '--limit wants a whole number above 0'), usageExit);
        const q = input.args[0] ?? '';
        const total = q === '' ? (operations.stats()['rows'] as number) : undefined;
        const output = typeof file === 'string' ? openSync(resolve(file), 'w', 0o600) : undefined;
        let done = 0;
        let cursor: string | undefined;
        try {
          do {
            const query = {
              q,
              order: input.options['newestFirst'] ? 'desc' : 'asc',
              ...(limit !== undefined && { limit }),
              ...(cursor !== undefined && { cursor }),
            } as const;
            const part = operations.part(query, format, done, Date.now());
            if (output !== undefined) writeSync(output, part.text);
            else if (part.text !== '') input.out(part.text);
            done += part.rows;
            cursor = part.next;
            input.progress?.(
              `exported ${done.toLocaleString('en')}${total === undefined ? '' : ` of ${total.toLocaleString('en')}`} rows`,
            );
            await new Promise((next) => setImmediate(next)); // Ctrl-C and a closed pipe get their turn
          } while (cursor !== undefined);
        } finally {
          input.progress?.(undefined);
          if (output !== undefined) closeSync(output);
        }
        if (output !== undefined) input.note(`${done} rows written to ${String(file)}`);
        return;
      }),
  };
}
