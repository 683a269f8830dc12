/** Writes every audit row to a rotating NDJSON file, for log shippers and for a second copy of the chain. */
import { resolve } from 'node:path';
import { definePlugin } from '@gethelio/proxy/plugin';
import { auditSink } from '@gethelio/proxy/contracts/audit';
import { z } from 'zod';
import { createFileSink } from './file-sink.ts';

const megabyte = 1_000_000;

export const auditFile = definePlugin({
  name: 'audit-file',
  apiVersion: 1,
  summary: 'Copies the audit trail to rotating NDJSON files.',
  config: z
    .strictObject({
      path: z
        .string()
        .min(1)
        .default('.helio/audit.ndjson')
        .describe('The file, relative to helio.yaml; older ones get .1, .2, ... behind it.'),
      max_megabytes: z
        .number()
        .positive()
        .default(100)
        .describe('A file that has grown to this size is put aside and a new one begun.'),
      max_files: z
        .int()
        .min(1)
        .max(1_000)
        .default(10)
        .describe('Files kept, the current one included; the oldest is deleted.'),
      from: z
        .enum(['first', 'next'])
        .default('next')
        .describe('Where a new copy begins: with the first row there is, or with the next one.'),
      fsync: z.boolean().default(false).describe('true: rows are on the disk before they count as written.'),
    })
    .prefault({}),
  register(api) {
    const { path, max_megabytes, max_files, from, fsync } = api.config;
    const file = resolve(api.configDir, path);
    api.contribute(
      auditSink,
      createFileSink({
        name: `file:${file}`,
        path: file,
        maxBytes: max_megabytes * megabyte,
        maxFiles: max_files,
        from,
        fsync,
      }),
    );
  },
});
export default auditFile;
