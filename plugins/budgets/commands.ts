/** `helio budgets list|show|adjust`. */
import { isAmount, type CliCommand, type CliInput, type Json } from '@gethelio/proxy/plugin';
import { bar, visible, type Gauge } from '@gethelio/proxy/contracts/limits';
import type { LedgerEntry, PotView } from './contract.ts';

const usageExit = 2;
const print = (input: CliInput, value: unknown) => input.out(JSON.stringify(value, null, 2));
const at = (name: string) => `/api/budgets/${encodeURIComponent(name)}`;

const list: CliCommand = {
  name: 'budgets list',
  summary: 'Shows every budget with its fullest keys.',
  async run(input) {
    const answer = (await input.ask('GET', '/api/budgets')) as unknown as { budgets: PotView[] };
    if (input.json) return print(input, answer);
    if (answer.budgets.length === 0) return input.note('There are no budgets.');
    for (const pot of answer.budgets) {
      input.out(
        `${pot.name}: ${pot.limit}${unit(pot)} per ${pot.window}${pot.zone && pot.zone !== 'UTC' ? ` (${pot.zone})` : ''}, by ${pot.key}`,
      );
      for (const gauge of pot.keys) input.out(`  ${gaugeText(gauge, pot)}`.slice(0, input.columns));
      if (pot.keys.length === 0) input.out('  nothing drawn');
    }
  },
};

const show: CliCommand = {
  name: 'budgets show',
  summary: 'Shows one budget with its ledger, newest first.',
  arguments: [{ name: 'name', description: 'the budget', required: true }],
  options: [
    { flags: '--key <key>', description: 'whose pot: an agent, session or tool (default: the one that all share)' },
    { flags: '--limit <n>', description: 'at most so many entries (default 100)' },
  ],
  async run(input) {
    const query = new URLSearchParams({
      key: String(input.options['key'] ?? 'global'),
      limit: String(input.options['limit'] ?? 100),
    });
    const answer = (await input.ask('GET', `${at(input.args[0]!)}?${query}`)) as unknown as {
      budget: PotView;
      gauge: Gauge;
      entries: LedgerEntry[];
    };
    if (input.json) return print(input, answer);
    const { budget, gauge, entries } = answer;
    input.out(`${budget.name}: ${gaugeText(gauge, budget)}, ${gauge.remaining}${unit(budget)} left`);
    for (const { atMs, amount, tool, agent, adjustment } of entries) {
      const what = adjustment
        ? `adjusted by ${adjustment.by}: ${adjustment.reason}`
        : [tool, agent].filter(Boolean).join(' by ');
      input.out(`  ${new Date(atMs).toISOString()}  ${amount.padStart(12)}  ${visible(what)}`); // who and why, whole
    }
  },
};

const adjust: CliCommand = {
  name: 'budgets adjust',
  summary: 'Takes room away or makes room; audited with who and why.',
  arguments: [{ name: 'name', description: 'the budget', required: true }],
  options: [
    { flags: '--by <amount>', description: 'added to what is used: 50 takes room away, -50 makes room' },
    { flags: '--reason <text>', description: 'why; kept in the ledger and in the audit' },
    { flags: '--key <key>', description: 'whose pot (default: the one that all share)' },
  ],
  async run(input) {
    const { by, reason, key } = input.options;
    if (typeof by !== 'string' || !isAmount(by)) return usage(input, '--by needs an amount, such as --by=-50');
    if (typeof reason !== 'string' || reason.trim() === '')
      return usage(input, '--reason needs a sentence: it is audited');
    const body: Json = { amount: by, reason, ...(typeof key === 'string' && { key }) };
    const answer = (await input.ask('POST', `${at(input.args[0]!)}/adjust`, body)) as unknown as { gauge: Gauge };
    if (input.json) return print(input, answer);
    input.out(`${answer.gauge.used} of ${answer.gauge.limit} used, ${answer.gauge.remaining} left`);
  },
};

export const commands: readonly CliCommand[] = [list, show, adjust];

function usage(input: CliInput, sentence: string): number {
  input.note(sentence);
  return usageExit;
}

function gaugeText(gauge: Gauge, pot: PotView): string {
  const resets = gauge.resetsAtMs === null ? '' : `, anew ${new Date(gauge.resetsAtMs).toISOString()}`;
  return `${bar(gauge.share)} ${gauge.used} of ${gauge.limit}${unit(pot)}  ${visible(gauge.key)}${resets}`;
}

function unit({ currency }: PotView): string {
  return currency === null ? '' : ` ${currency}`;
}
