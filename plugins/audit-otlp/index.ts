/** Sends every audit row to an OpenTelemetry collector as a log record: OTLP over HTTP, JSON. */
import { definePlugin, durationMs, secret } from '@gethelio/proxy/plugin';
import { auditSink } from '@gethelio/proxy/contracts/audit';
import { z } from 'zod';
import { createOtlpSink } from './otlp-sink.ts';

export const auditOtlp = definePlugin({
  name: 'audit-otlp',
  apiVersion: 1,
  summary: 'Sends the audit trail to an OpenTelemetry collector (OTLP/HTTP, JSON logs).',
  reaches: { network: ['the collector'], secrets: ['headers'] },
  config: z
    .strictObject({
      endpoint: z
        .url({ protocol: /^https?$/ })
        .default('http://127.0.0.1:4318')
        .describe('The collector; /v1/logs is added when the address has no path.'),
      headers: z.record(z.string(), secret()).default({}).describe('Added to every request, such as an API key.'),
      timeout: z
        .string()
        .refine((text) => durationMs(text) !== undefined, 'must be a duration such as 10s')
        .default('10s')
        .describe('For one request.'),
      batch_rows: z.int().min(1).max(1_000).default(200).describe('Rows per request, at most.'),
      from: z
        .enum(['first', 'next'])
        .default('next')
        .describe('Where a new collector begins: with the first row there is, or with the next one.'),
      service_name: z.string().min(1).default('helio').describe('The resource attribute service.name.'),
    })
    .prefault({}),
  register(api) {
    const { endpoint, headers, timeout, batch_rows, from, service_name } = api.config;
    const url = new URL(endpoint);
    if (url.pathname === '/') url.pathname = '/v1/logs';
    api.contribute(
      auditSink,
      createOtlpSink({
        url: url.href,
        headers,
        timeoutMs: durationMs(timeout)!,
        batchRows: batch_rows,
        from,
        serviceName: service_name,
        version: api.kernel.version,
        log: api.log,
      }),
    );
  },
});
export default auditOtlp;
