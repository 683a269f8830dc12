/** The section `dashboard` of helio.yaml: where operators connect, and who they are. */
import { secret } from '@gethelio/proxy/plugin';
import { z } from 'zod';

const shortestSecret = 8;

export const operatorConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Off: as if neither the operator nor the dashboard plugin were listed.'),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but loopback needs allow_remote.'),
    port: z
      .number()
      .int()
      .min(0)
      .max(65535)
      .default(3100)
      .describe('Port of the dashboard and of the operator API; 0 takes a free one.'),
    api_secret: secret(z.string().min(shortestSecret))
      .optional()
      .describe(
        `What operators log in with, and scripts send as a bearer token; at least ${shortestSecret} characters.`,
      ),
    operators: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(100).describe('Shown beside every decision of this person.'),
          secret: secret(z.string().min(shortestSecret)).describe('Their own secret; no two the same.'),
        }),
      )
      .max(200)
      .default([])
      .describe('People with secrets of their own, so that decisions carry names and a quorum can be counted.'),
    allowed_hosts: z
      .array(z.string().min(1))
      .default([])
      .describe(
        'Further values of the Host header to accept, such as helio.example.com, beside loopback names and public_url.',
      ),
    public_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('How people reach it through a reverse proxy; used in links.'),
    allow_open_mode: z
      .boolean()
      .default(false)
      .describe('Nobody has to log in. Only on a loopback address, never with approvals.'),
    allow_remote: z.boolean().default(false).describe('Allows an address that other machines can reach.'),
  })
  .describe('The operator listener: dashboard, API and callbacks.');
export type OperatorConfig = z.output<typeof operatorConfig>;
