/** `PluginTester`: tables of calls for a plugin, and the checks that its author did not ask for. */
import { describe, expect, it } from 'vitest';
import type { Effect, JsonObject, PluginDefinition } from '../plugin.ts';
import { breakable, type Breakage } from './breakable.ts';
import { openResources } from './open-resources.ts';
import { testPlugin, type PluginTest, type TestOptions } from './test-plugin.ts';
import type { TestCall, Told } from './test-call.ts';

/** One call and what has to become of it. */
export interface Row {
  /** The sentence that it proves; left out: the call itself. */
  readonly name?: string;
  readonly call: string | TestCall;
  /** The stable reason, for rows that do not allow. */
  readonly code?: string;
  /** More of helio.yaml for this row, in place of the table's. */
  readonly yaml?: string;
  readonly config?: JsonObject;
  /** Calls and clock moves before it. */
  readonly before?: (test: PluginTest) => void | Promise<void>;
  /** Looks closer at what was told. */
  readonly check?: (told: Told, test: PluginTest) => void | Promise<void>;
}

export interface Table extends TestOptions {
  readonly allows?: readonly Row[];
  readonly denies?: readonly Row[];
  readonly holds?: readonly Row[];
  readonly simulates?: readonly Row[];
  /** Values that must never show up in a log line or an answer. */
  readonly secrets?: readonly string[];
}

type AnyPlugin = PluginDefinition<any, any, any, any, any, any>;

const hangTimeoutMs = 250; // in place of the taps' own deadlines while a service hangs

/** Runs the table, and for every row the unasked checks. Call it at the top level of a vitest file. */
export const PluginTester = {
  run(plugin: AnyPlugin, table: Table): void {
    const rows = [
      ...(table.allows ?? []).map((row) => ({ row, effect: 'allow' as const })),
      ...(table.denies ?? []).map((row) => ({ row, effect: 'deny' as const })),
      ...(table.holds ?? []).map((row) => ({ row, effect: 'hold' as const })),
      ...(table.simulates ?? []).map((row) => ({ row, effect: 'simulate' as const })),
    ];
    describe(plugin.name, () => {
      for (const { row, effect } of rows) describe(titleOf(row, effect), () => testRow(plugin, table, row, effect));
      it('leaves nothing open after it was stopped', async () => {
        const before = openResources();
        await using(plugin, table, rows[0]?.row, async () => {});
        await expect.poll(openResources, { timeout: 3_000 }).toEqual(before);
      });
    });
  },
};

function testRow(plugin: AnyPlugin, table: Table, row: Row, effect: Effect): void {
  it(`is ${past[effect]}`, () =>
    using(plugin, table, row, async (test) => {
      const told = effect === 'hold' ? await judged(test, row) : await test.call(row.call);
      expect(told.effect).toBe(effect);
      if (row.code !== undefined) expect(told.code).toBe(row.code);
      if (effect !== 'hold') await row.check?.(told as Told, test);
      if (effect === 'deny') expect((told as Told).text.trim()).not.toBe('');
      for (const secret of table.secrets ?? []) {
        expect(JSON.stringify(test.logs)).not.toContain(secret);
        expect((told as Partial<Told>).text ?? '').not.toContain(secret);
      }
    }));

  it('is judged alike twice, and judging takes nothing', () =>
    using(plugin, table, row, async (test) => {
      const [first, second] = [await test.explain(questionOf(row)), await test.explain(questionOf(row))];
      expect(plain(second.decision)).toEqual(plain(first.decision));
      if (effect === 'hold') return;
      const told = await test.call(row.call);
      expect(told.effect).toBe(effect);
    }));

  if (Object.keys(plugin.needs ?? {}).length === 0) return;
  it('is denied when a service that it needs throws', () => whenBroken(plugin, table, row, 'throws'));
  it('is denied within the deadline when a service that it needs hangs', () => whenBroken(plugin, table, row, 'hangs'));
}

async function whenBroken(plugin: AnyPlugin, table: Table, row: Row, how: Breakage['how']): Promise<void> {
  const breakage: Breakage = { how: 'works', touched: 0, before: 0 };
  await using(
    breakable(plugin, breakage),
    { ...table, ...(how === 'hangs' && { timeoutMs: hangTimeoutMs }) },
    row,
    async (test) => {
      const sentBefore = test.upstream.received.length;
      breakage.how = how;
      breakage.sent = () => test.upstream.received.length - sentBefore;
      const told = await test.call(row.call);
      // A service that is asked before the call is sent decides about it; one that is asked later can only be missed.
      if (breakage.touched > 0 && breakage.before > 0) expect(told.effect).toBe('deny');
    },
  );
}

async function using(
  plugin: AnyPlugin,
  table: Table,
  row: Row | undefined,
  run: (test: PluginTest) => Promise<void>,
): Promise<void> {
  const test = await testPlugin(plugin, {
    ...table,
    ...(row?.yaml !== undefined && { yaml: row.yaml }),
    ...(row?.config !== undefined && { config: row.config }),
  });
  try {
    await row?.before?.(test);
    await run(test);
  } finally {
    await test.stop();
  }
}

async function judged(test: PluginTest, row: Row): Promise<Pick<Told, 'effect' | 'code'>> {
  const { decision } = await test.explain(questionOf(row));
  return { effect: decision.effect, code: decision.verdicts.find(({ shadow }) => !shadow)?.code };
}

function questionOf({ call }: Row) {
  const asked = typeof call === 'string' ? { name: call } : call;
  const { name, kind, arguments: args, argumentsText, session, agent, headers } = asked;
  return {
    name,
    ...(kind !== undefined && { kind }),
    ...(args !== undefined && { arguments: args }),
    ...(argumentsText !== undefined && { argumentsText }),
    ...(session !== undefined && { session }),
    ...(agent !== undefined && { agent }),
    ...(headers !== undefined && { headers }),
  };
}

const past: Record<Effect, string> = { allow: 'allowed', deny: 'denied', hold: 'held', simulate: 'simulated' };
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const titleOf = (row: Row, effect: Effect): string =>
  row.name ??
  `${typeof row.call === 'string' ? row.call : JSON.stringify(row.call)}${row.code ? ` (${row.code})` : ''} [${effect}]`;
