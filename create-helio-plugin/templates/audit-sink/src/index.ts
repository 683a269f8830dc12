/** Sends every audit row to a URL, as NDJSON. */
import { definePlugin, duration, secret } from '@gethelio/proxy/plugin';
import { auditSink, type AuditRow } from '@gethelio/proxy/contracts/audit';
import { z } from 'zod';

export const myPlugin = definePlugin({
  name: 'my-plugin',
  apiVersion: 1,
  summary: 'Sends every audit row to a URL.',
  config: z.strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('Where the rows are posted to.'),
    token: secret().optional().describe('Sent as "Authorization: Bearer ...".'), // never shown, never logged
    timeout: duration().prefault('10s').describe('How long one post may take.'),
  }),
  reaches: { network: ['the url of its section'] }, // for the operator to read: `helio plugins info my-plugin`
  register({ config, contribute }) {
    contribute(auditSink, {
      // Unique, and stable: Helio keeps under it how far this sink has come, also over a restart.
      name: `my-plugin:${config.url}`,
      // Rejecting is fine: the same rows come again, in order, after a second that doubles up to a minute.
      async write(rows: readonly AuditRow[], signal: AbortSignal) {
        const response = await fetch(config.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/x-ndjson',
            ...(config.token !== undefined && { authorization: `Bearer ${config.token}` }),
          },
          body: rows.map((row) => `${JSON.stringify(row)}\n`).join(''),
          redirect: 'error', // a redirect would carry the token somewhere else
          signal: AbortSignal.any([signal, AbortSignal.timeout(config.timeout)]),
        });
        await response.arrayBuffer(); // read to the end, so that the connection is free again
        if (!response.ok) throw new Error(`the other side answered ${response.status}`);
      },
    });
  },
});
export default myPlugin;
