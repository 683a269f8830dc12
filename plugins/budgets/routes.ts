/** `/api/budgets`: the pots, one pot's ledger, and adjusting it. */
import { isAmount, normaliseDecimal, uuidv7, type Commit } from '@gethelio/proxy/plugin';
import { gaugeSchema } from '@gethelio/proxy/contracts/limits';
import { described, type OperatorAccess } from '@gethelio/proxy/contracts/operator';
import type { Ledger } from '@gethelio/proxy/contracts/state';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { budgetAdjusted, entrySchema, potSchema } from './contract.ts';
import { bucketOf, type Pot } from './pot.ts';
import { gaugeFor, readLedger, viewPot } from './read.ts';

const keysPerPot = 50;
const params = z.strictObject({ name: z.string() });
const query = z.strictObject({
  key: z.string().min(1).max(1_024).default('global'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const body = z.strictObject({
  key: z.string().min(1).max(1_024).default('global'),
  amount: z
    .string()
    .refine((text) => isAmount(text) && normaliseDecimal(text) !== '0', 'must be a decimal text other than 0')
    .describe('Added to what is used: `50` takes room away, `-50` makes room.'),
  reason: z.string().trim().min(1).max(1_000).describe('Kept in the ledger and in the audit.'),
});

export interface BudgetRoutes {
  pots(): readonly Pot[];
  readonly ledger: Ledger;
  readonly commit: Commit;
  readonly access: OperatorAccess | undefined;
  nowMs(): number;
  emit(kind: string, data: { readonly [key: string]: string }): void;
}

export function addRoutes(app: FastifyInstance, { pots, ledger, commit, access, nowMs, emit }: BudgetRoutes): void {
  const find = (name: string): Pot => {
    const pot = pots().find((one) => one.name === name);
    if (!pot)
      throw Object.assign(new Error(`There is no budget called "${name}"`), { statusCode: 404, code: 'not_found' });
    return pot;
  };

  app.get(
    '/',
    described({
      summary: 'All budgets with their fullest keys',
      answer: z.strictObject({ budgets: z.array(potSchema), atMs: z.number() }),
    }),
    async () => {
      const atMs = nowMs();
      return { budgets: await Promise.all(pots().map((pot) => viewPot(pot, ledger, atMs, keysPerPot))), atMs };
    },
  );

  app.get(
    '/:name',
    described({
      summary: 'One budget: the gauge of a key and its ledger, newest first',
      params,
      query,
      answer: z.strictObject({
        budget: potSchema,
        gauge: gaugeSchema,
        entries: z.array(entrySchema),
        atMs: z.number(),
      }),
    }),
    async (request) => {
      const pot = find((request.params as z.output<typeof params>).name);
      const { key, limit } = request.query as z.output<typeof query>;
      const atMs = nowMs();
      return {
        budget: await viewPot(pot, ledger, atMs, keysPerPot),
        gauge: await gaugeFor(pot, key, ledger, atMs),
        entries: await readLedger(pot, key, ledger, atMs, limit),
        atMs,
      };
    },
  );

  app.post(
    '/:name/adjust',
    described({
      summary: 'Takes room away or makes room, with a reason',
      params,
      body,
      answer: z.strictObject({ gauge: gaugeSchema }),
    }),
    async (request) => {
      const pot = find((request.params as z.output<typeof params>).name);
      const { key, amount, reason } = request.body as z.output<typeof body>;
      const by = access?.who(request).name ?? 'operator';
      const atMs = nowMs();
      const { sinceMs, untilMs } = pot.window.at(atMs);
      const done = await commit.commit([
        {
          op: 'take',
          bucket: bucketOf(pot, key),
          entry: `adjust-${uuidv7(atMs)}`,
          amount,
          atMs,
          sinceMs,
          expiresAtMs: untilMs,
          note: { adjustment: { by, reason } },
        },
      ]);
      if (!done.ok)
        throw Object.assign(new Error('There are too many keys in this budget'), { statusCode: 409, code: 'full' });
      const gauge = await gaugeFor(pot, key, ledger, atMs);
      emit(budgetAdjusted, { budget: pot.name, key, amount, reason, by, used: gauge.used });
      return { gauge };
    },
  );
}
