/** Budgets: pots of money that several tools draw from; of several pots a call takes from all or from none. */
import {
  cliCommand,
  commit,
  defineFact,
  definePlugin,
  type Facts,
  type JsonObject,
  type Refusal,
  type StoreOp,
  type TakeOp,
  type Verdict,
} from '@gethelio/proxy/plugin';
import { grant } from '@gethelio/proxy/contracts/approvals';
import { auditField } from '@gethelio/proxy/contracts/audit';
import { operatorAccess } from '@gethelio/proxy/contracts/operator';
import { policyLanguage } from '@gethelio/proxy/contracts/policy';
import { ledger } from '@gethelio/proxy/contracts/state';
import { commands } from './commands.ts';
import { budgetsConfig } from './config.ts';
import { potIdentity } from './contract.ts';
import { compilePot, drawFrom, type Draw, type Pot } from './pot.ts';
import { exceeded, refusedNow, uncountable } from './refuse.ts';
import { addRoutes } from './routes.ts';

/** What was drawn for this call, for its audit row. */
const drawn = defineFact<readonly JsonObject[]>('budgets.drawn');
type Taking = Extract<Draw, { take: TakeOp }>;

/** Tools whose pots are remembered: looking them up again costs a glob per contributor. */
const maxKnownTools = 10_000;

export const budgets = definePlugin({
  name: 'budgets',
  apiVersion: 1,
  summary: 'Pots of money that several tools draw from: sliding, by calendar or per session.',
  config: budgetsConfig,
  taps: ['evaluate', 'beforeForward'],
  needs: { ledger, commit, policyLanguage },
  wants: { operatorAccess },
  register(api) {
    const { config, needs, wants, hooks, contribute } = api;
    let pots: readonly Pot[] = [];
    const byTool = new Map<string, readonly { pot: Pot; amount: NonNullable<ReturnType<Pot['contributor']>> }[]>();

    api.onCheck(() => {
      pots = config.map((written, index) =>
        compilePot(written, api.locate([...api.configPath, index])?.line, needs.policyLanguage),
      );
    });
    contribute(auditField, { key: 'limits', value: ({ facts }) => facts.get(drawn) });
    for (const command of commands) contribute(cliCommand, command);
    api.routes(
      (app) =>
        addRoutes(app, {
          pots: () => pots,
          ledger: needs.ledger,
          commit: needs.commit,
          access: wants.operatorAccess,
          nowMs: () => api.clock.nowMs(),
          emit: (kind, data) => api.emit(kind, data),
        }),
      { prefix: '/api/budgets' },
    );

    function drawsOf(ctx: Parameters<typeof drawFrom>[2]): readonly Draw[] {
      if (pots.length === 0 || ctx.call.kind !== 'tool') return [];
      const { name } = ctx.call;
      let feeding = byTool.get(name);
      if (feeding === undefined) {
        feeding = pots.flatMap((pot) => {
          const amount = pot.contributor(name);
          return amount ? [{ pot, amount }] : [];
        });
        if (byTool.size >= maxKnownTools) byTool.clear();
        byTool.set(name, feeding);
      }
      return feeding.map(({ pot, amount }) => drawFrom(pot, amount, ctx));
    }

    // Restrict only: a pot with room says nothing.
    hooks.evaluate.tap({ stage: 'meter' }, (ctx) => {
      const draws = drawsOf(ctx);
      if (draws.length === 0) return undefined;
      const verdicts = draws.map((draw) => {
        if (!('take' in draw)) return uncountable(draw);
        const judge = (found: Refusal | undefined) => found && exceeded(draw.pot, draw.take, found);
        const refusal = needs.ledger.check(draw.take);
        return refusal instanceof Promise ? refusal.then(judge) : judge(refusal as Refusal | undefined);
      });
      // Far from every limit nothing was asked of the store, and no promise is made.
      if (verdicts.some((verdict) => verdict instanceof Promise)) return Promise.all(verdicts).then(said);
      return said(verdicts as (Verdict | undefined)[]);
    });

    hooks.beforeForward.tap({ stage: 'reserve' }, (ctx) => {
      const draws = drawsOf(ctx).filter((draw): draw is Taking => 'take' in draw);
      if (draws.length === 0) return undefined;
      ctx.facts.set(
        drawn,
        draws.map((draw) => effectOf(draw, ctx.facts)),
      );
      return {
        ops: draws.map(({ pot, take }) => {
          if (!isGranted(pot, ctx.facts)) return take;
          const { limit: _limit, ...unlimited } = take; // a person said yes to passing it
          return unlimited;
        }),
        refused(refusal) {
          const { pot, take } = draws.find(({ take: { bucket } }) => bucket === (refusal.op as TakeOp).bucket)!;
          return refusedNow(pot, take, refusal);
        },
        settle({ acted, answer }) {
          return draws.flatMap(({ pot, take: { bucket, entry, amount: reserved }, amount }): StoreOp[] => {
            if (!acted || (pot.releaseOnError && answer?.isError)) return [{ op: 'giveBack', bucket, entry }];
            const actual = amount.actual(answer);
            return actual === undefined || actual === reserved
              ? []
              : [{ op: 'correct', bucket, entry, amount: actual }];
          });
        },
      };
    });
  },
});
export default budgets;

function isGranted(pot: Pot, facts: Facts): boolean {
  return pot.onExceed === 'require_approval' && facts.get(grant)?.covers.includes(potIdentity(pot.name)) === true;
}

function said(verdicts: readonly (Verdict | undefined)[]): readonly Verdict[] | undefined {
  const spoken = verdicts.filter((verdict) => verdict !== undefined);
  return spoken.length > 0 ? spoken : undefined;
}

function effectOf({ pot, take, key }: Taking, facts: Facts): JsonObject {
  return {
    kind: 'budget',
    budget: pot.name,
    key,
    taken: take.amount,
    limit: pot.limit,
    ...(pot.currency !== undefined && { currency: pot.currency }),
    window: pot.window.text,
    ...(isGranted(pot, facts) && { over_limit_by_approval: true }),
  };
}
