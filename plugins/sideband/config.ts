/** The section `sdk` of helio.yaml: where applications tell Helio what happened outside of MCP. */
import { duration } from '@gethelio/proxy/plugin';
import { z } from 'zod';

export const sidebandConfig = z
  .strictObject({
    enabled: z.boolean().default(true).describe('Off: as if the sideband plugin were not listed.'),
    host: z
      .string()
      .min(1)
      .default('127.0.0.1')
      .describe('Address to listen on. Anything but loopback needs allow_remote.'),
    port: z.number().int().min(0).max(65535).default(3200).describe('Port of the sideband; 0 takes a free one.'),
    evaluation_ttl: duration()
      .prefault('10m')
      .describe(
        'How long an evaluated call may stay unreported. After it the outcome is unknown and the charge stays.',
      ),
    allowed_hosts: z
      .array(z.string().min(1))
      .default([])
      .describe('Further names to accept in the Host header, such as helio in a container network.'),
    allow_remote: z.boolean().default(false).describe('Allows an address that other machines can reach.'),
  })
  .describe('The sideband: evidence, steps and context from the SDK; judgement of tools that run in process.');
export type SidebandConfig = z.output<typeof sidebandConfig>;
