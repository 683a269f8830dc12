/** What makes an approval rule one that nobody can ever answer: found at start, with its place in helio.yaml. */
import { configProblem, type ConfigPath, type Problem } from '@gethelio/proxy/plugin';
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
  if (action !== 'require_approval') problems.push(configProblem('HELIO_APPROVALS_NOT_ASKED', { rule }, path));
  const channels =
    field.channel ?? (written.defaultChannels.length > 0 ? written.defaultChannels : [...written.channels.keys()]);
  const delegates = field.delegates ?? [];
  problems.push(
    ...unknown(written, field.channel ?? [], [...path, 'channel'], `rule "${rule}"`),
    ...unknown(written, delegates, [...path, 'delegates'], `rule "${rule}"`),
  );
  if ((field.delegates === undefined) !== (field.escalation_after === undefined))
    problems.push(configProblem('HELIO_APPROVALS_ESCALATION', { rule }, path));
  const asked = [...channels, ...delegates];
  if (asked.every((name) => written.channels.has(name)))
    problems.push(...tooFewPeople(rule, field, asked, path, written));
  return problems;
}

function withoutSecret({ asking, secret }: Written): readonly Problem[] {
  if (secret === 'configured' || asking.length === 0) return [];
  return [configProblem('HELIO_APPROVALS_NO_SECRET', {}, asking[0]!)];
}

function withoutChannel({ asking, channels }: Written): readonly Problem[] {
  if (channels.size > 0 || asking.length === 0) return [];
  return [configProblem('HELIO_APPROVALS_NO_CHANNEL', {}, asking[0]!)];
}

function unknown({ channels }: Written, names: readonly string[], path: ConfigPath, who: string): readonly Problem[] {
  const known = [...channels.keys()].join(', ') || 'none';
  return names
    .filter((name) => !channels.has(name))
    .map((name) => configProblem('HELIO_APPROVALS_CHANNEL_UNKNOWN', { who, name, known }, path));
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
    ...strangers.map((name) =>
      configProblem('HELIO_APPROVALS_APPROVER_UNKNOWN', { rule, name, known: [...people].join(', ') }, [
        ...path,
        'approvers',
      ]),
    ),
    ...(count < field.quorum && strangers.length === 0
      ? [configProblem('HELIO_APPROVALS_QUORUM', { rule, wanted: field.quorum, count }, [...path, 'quorum'])]
      : []),
  ];
}
