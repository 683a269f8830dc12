/** Makes the channels of helio.yaml from what channel plugins contributed, and says what is wrong with an entry. */
import { configProblem, type ConfigPath, type JsonObject, type Log, type Problem } from '@gethelio/proxy/plugin';
import { z } from 'zod';
import type { ApprovalChannel, ChannelType } from './contract.ts';
import { channelEntry, sectionSchema, type Section } from './config.ts';
import { decide } from './decide.ts';
import { installationKey, isFirst } from './keys.ts';
import { readDecided, readOpen, withArguments } from './store.ts';
import type { Room } from './room.ts';

export interface ChannelApi {
  readonly configPath: ConfigPath;
  readonly log: Log;
  readonly clock: { nowMs(): number };
  report(problem: Problem): void;
  check(schema: z.ZodType, value: unknown, path: ConfigPath): unknown;
  emit(kind: string, data: JsonObject): void;
}

/** The plugins that bring the standard types, for the error when one is not loaded. */
const standardTypes: { readonly [type: string]: string } = {
  dashboard: 'approvals-dashboard',
  slack: 'approvals-slack',
  webhook: 'approvals-webhook',
};

/** Opens every channel, without I/O. What is wrong is reported with its place; the rest is opened all the same. */
export function openChannels(
  section: Section,
  types: readonly ChannelType[],
  room: Room,
  api: ChannelApi,
): ReadonlyMap<string, ApprovalChannel> {
  const channels = new Map<string, ApprovalChannel>();
  section.channels.forEach((entry, i) => {
    const path = [...api.configPath, 'channels', i];
    const { type: typeName, name = typeName, ...rest } = entry;
    const type = types.find((each) => each.type === typeName);
    if (type === undefined) return api.report(unknownType(typeName, types, [...path, 'type']));
    if (channels.has(name)) return api.report(configProblem('HELIO_APPROVALS_CHANNEL_NAME', { name }, path));
    const config = api.check(type.schema, rest, path);
    if (config !== undefined) channels.set(name, type.open(config, deskFor(name, room, api)));
  });
  for (const type of types) {
    if (type.always === undefined || channels.has(type.always)) continue;
    channels.set(type.always, type.open(type.schema.parse({}), deskFor(type.always, room, api)));
  }
  return channels;
}

/** The section as editors and docs show it, with the fields of every loaded channel type. */
export function describeSection(types: readonly ChannelType[]): z.ZodType {
  const entries = types.map(({ type, schema }) =>
    z.strictObject({
      type: z.literal(type).describe('How people are asked.'),
      name: channelEntry.shape.name,
      ...((schema as { shape?: z.core.$ZodShape }).shape ?? {}),
    }),
  );
  const [first, ...others] = entries;
  if (first === undefined) return sectionSchema;
  return sectionSchema.extend({
    channels: z
      .array(z.union([first, ...others]))
      .default([])
      .describe('The channels that people answer on.'),
  });
}

function deskFor(name: string, room: Room, { log, clock, emit }: ChannelApi) {
  return {
    name,
    log,
    nowMs: () => clock.nowMs(),
    decide: (answer: Omit<Parameters<typeof decide>[1], 'channel'>) => decide(room, { ...answer, channel: name }),
    async ticket(id: string) {
      const found = (await readOpen(room.documents, id))?.value ?? (await readDecided(room.documents, id));
      return found && withArguments(room.documents, found);
    },
    first: (nonce: string, expiresAtMs: number) => isFirst(room, name, nonce, expiresAtMs),
    key: () => installationKey(room, `channel.${name}`),
    emit,
  };
}

function unknownType(type: string, types: readonly ChannelType[], path: ConfigPath): Problem {
  const plugin = standardTypes[type];
  const known = types.map((each) => each.type).join(', ');
  const fix = plugin
    ? `add "${plugin}" to plugins:`
    : known
      ? `use one of ${known}, or add the plugin that brings "${type}"`
      : `add the plugin that brings "${type}"`;
  return configProblem('HELIO_APPROVALS_CHANNEL_TYPE', { type, fix }, path);
}
