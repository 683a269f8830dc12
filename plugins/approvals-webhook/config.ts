/** A webhook in `approval.channels`. */
import { isIP } from 'node:net';
import { duration, secret } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import { isNetwork } from './network.ts';

const allowed = z
  .string()
  .refine((text) => isIP(text) !== 0 || isNetwork(text) || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text), {
    message: 'must be a host name, an address, or a network such as 10.1.0.0/16',
  });

export const webhookSchema = z
  .strictObject({
    url: z.url({ protocol: /^https?$/ }).describe('Where tickets are posted to.'),
    secret: secret().describe('Signs every message: x-helio-signature is HMAC-SHA256 over timestamp, ".", body.'),
    timeout: duration()
      .refine((ms) => ms >= 100 && ms <= 6_000, 'must be between 100ms and 6s: four attempts fit into 30 s')
      .default(5_000)
      .describe('For one attempt, of four. Default 5s.'),
    allow_hosts: z
      .array(allowed)
      .default([])
      .describe('Private hosts, addresses and networks that may be reached, and by http. Default: none.'),
  })
  .superRefine(({ url, allow_hosts }, context) => {
    const { protocol, hostname, username } = new URL(url);
    if (username !== '') context.addIssue({ code: 'custom', path: ['url'], message: 'must not hold a user name' });
    if (protocol === 'http:' && !allow_hosts.includes(hostname.replace(/^\[|\]$/g, '')))
      context.addIssue({
        code: 'custom',
        path: ['url'],
        message: 'must be https: the message holds a link that decides (or name its host in allow_hosts)',
      });
  });
export type WebhookConfig = z.output<typeof webhookSchema>;
