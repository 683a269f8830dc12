/** What makes an approval rule one that nobody can ever answer: found at start, with its place in helio.yaml. */
import type { ConfigPath, Problem } from '@gethelio/proxy/plugin';
import type { ApprovalChannel } from './contract.ts';
import type { Field } from './config.ts';

/** An `approval:` as policy compiled it. */
export interface WrittenField {
  readonly rule: string;
  readonly action: string | undefined;
  readonly field: Field;
  readonly path: ConfigPath;
}

export interface Written {
  readonly fields: readonly WrittenField[];
  /** Where rules say `action: require_approval`. */
  readonly asking: readonly ConfigPath[];
  readonly channels: ReadonlyMap<string, ApprovalChannel>;
  /** `approval.channel`; empty where it is not written: then every channel. */
  readonly defaultChannels: readonly string[];
  readonly defaultPath: ConfigPath;
  readonly secret: 'configured' | 'made' | 'open';
}

export function checkApprovals(written: Written): readonly Problem[] {
  return [
    ...withoutSecret(written),
    ...withoutChannel(written),
    ...unknown(written, written.defaultChannels, written.defaultPath, 'approval.channel'),
    ...written.fields.flatMap((field) => checkField(field, written)),
  ];
}

function checkField({ rule, action, field, path }: WrittenField, written: Written): readonly Problem[] {
  const problems: Problem[] = [];
  if (action !== 'require_approval')
    problems.push({
      code: 'HELIO_APPROVALS_NOT_ASKED',
      path,
      message: `rule "${rule}" has "approval:", but its action asks nobody`,
      fix: 'write "action: require_approval", or remove "approval:"',
    });
  const channels =
    field.channel ?? (written.defaultChannels.length > 0 ? written.defaultChannels : [...written.channels.keys()]);
  const delegates = field.delegates ?? [];
  problems.push(
    ...unknown(written, field.channel ?? [], [...path, 'channel'], `rule "${rule}"`),
    ...unknown(written, delegates, [...path, 'delegates'], `rule "${rule}"`),
  );
  if ((field.delegates === undefined) !== (field.escalation_after === undefined))
    problems.push({
      code: 'HELIO_APPROVALS_ESCALATION',
      path,
      message: `rule "${rule}" has only one of "escalation_after" and "delegates"`,
      fix: 'write both, or neither',
    });
  const asked = [...channels, ...delegates];
  if (asked.every((name) => written.channels.has(name)))
    problems.push(...tooFewPeople(rule, field, asked, path, written));
  return problems;
}

function withoutSecret({ asking, secret }: Written): readonly Problem[] {
  if (secret === 'configured' || asking.length === 0) return [];
  return [
    {
      code: 'HELIO_APPROVALS_NO_SECRET',
      path: asking[0]!,
      message: 'a rule asks for approvals, but no operator can log in to give them: dashboard.api_secret is missing',
      fix: `set dashboard.api_secret ("helio init" writes one), or dashboard.operators; without it whoever reaches the port could approve`,
    },
  ];
}

function withoutChannel({ asking, channels }: Written): readonly Problem[] {
  if (channels.size > 0 || asking.length === 0) return [];
  return [
    {
      code: 'HELIO_APPROVALS_NO_CHANNEL',
      path: asking[0]!,
      message: 'a rule asks for approvals, but there is no channel to ask on',
      fix: 'add "approvals-dashboard" to plugins:, or a channel to approval.channels',
    },
  ];
}

function unknown({ channels }: Written, names: readonly string[], path: ConfigPath, who: string): readonly Problem[] {
  const known = [...channels.keys()].join(', ') || 'none';
  return names
    .filter((name) => !channels.has(name))
    .map((name) => ({
      code: 'HELIO_APPROVALS_CHANNEL_UNKNOWN',
      path,
      message: `${who} names the channel "${name}", which is not there`,
      fix: `use one of the configured channels (${known}), or add it to approval.channels`,
    }));
}

/** Distinct people who can be told apart, against the quorum. */
function tooFewPeople(
  rule: string,
  field: Field,
  names: readonly string[],
  path: ConfigPath,
  { channels }: Written,
): readonly Problem[] {
  const people = new Set<string>();
  let isOpen = false;
  for (const name of names) {
    const who = channels.get(name)?.people;
    if (who === 'anyone') isOpen = true;
    else if (who === 'one') people.add(name);
    else for (const person of who ?? []) people.add(person);
  }
  const listed = field.approvers && [...new Set(field.approvers)];
  const able = listed ? listed.filter((name) => isOpen || people.has(name)) : [...people];
  const count = isOpen && !listed ? Infinity : able.length;
  const strangers = listed?.filter((name) => !able.includes(name)) ?? [];
  return [
    ...strangers.map((name) => ({
      code: 'HELIO_APPROVALS_APPROVER_UNKNOWN',
      path: [...path, 'approvers'],
      message: `rule "${rule}" names the approver "${name}", whom none of its channels knows`,
      fix: `use one of ${[...people].join(', ') || 'the approvers of its channels'}, or add that person to dashboard.operators or the channel's approvers`,
    })),
    ...(count < field.quorum && strangers.length === 0
      ? [
          {
            code: 'HELIO_APPROVALS_QUORUM',
            path: [...path, 'quorum'],
            message: `rule "${rule}" wants ${field.quorum} people, but its channels can tell only ${count} apart`,
            fix: 'name people in dashboard.operators, or ask on a Slack channel',
          },
        ]
      : []),
  ];
}
