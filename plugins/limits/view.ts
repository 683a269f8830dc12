/** How limits and pots are shown: gauges, the list of limits over REST, and `helio limits list`. */
import { compareDecimal, subtractDecimal, type CliCommand, type Json } from '@gethelio/proxy/plugin';
import { described } from '@gethelio/proxy/contracts/operator';
import type { Ledger } from '@gethelio/proxy/contracts/state';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { LimitSource } from './contract.ts';

const amount = z.string().describe('an exact decimal');
const instantMs = z.number().int().nullable();

/** One bucket that fills. */
export const gaugeSchema = z.strictObject({
  key: z.string().describe('the tool, session or agent; `global`'),
  bucket: z.string(),
  used: amount,
  limit: amount,
  remaining: amount.describe('never below 0'),
  share: z.number().describe('used / limit, for a bar: 1 is full, more is overdrawn'),
  entries: z.number().int(),
  oldestAtMs: instantMs,
  lastAtMs: instantMs,
  perHour: z.number().describe('how fast it fills, on average since its oldest entry; for people, not for sums'),
  fullInMs: z.number().int().nullable().describe('when it is full at that pace; null when it is not filling, or full'),
  resetsAtMs: instantMs.describe('when it starts anew; null for a sliding window and for a session'),
});
export type Gauge = z.output<typeof gaugeSchema>;

export const limitViewSchema = z.strictObject({
  kind: z.enum(['rate', 'spend']),
  rule: z.string(),
  line: z.number().int(),
  mode: z.enum(['enforce', 'shadow']),
  limit: amount,
  currency: z.string().nullable(),
  windowMs: z.number().int(),
  key: z.enum(['tool', 'session', 'agent', 'global']),
  keys: z.array(gaugeSchema).describe('the fullest ones first'),
});
export type LimitView = z.output<typeof limitViewSchema>;

/** Below this a pace is a guess. */
const shortestPaceMs = 60_000;
const hourMs = 3_600_000;

export function gaugeOf(
  bucket: {
    readonly key: string;
    readonly bucket: string;
    readonly used: string;
    readonly entries: number;
    readonly oldestAtMs: number | undefined;
    readonly lastAtMs: number | undefined;
  },
  limit: string,
  nowMs: number,
  resetsAtMs: number | null = null,
): Gauge {
  const { key, used, entries, oldestAtMs } = bucket;
  const left = subtractDecimal(limit, used);
  const passedMs = oldestAtMs === undefined ? 0 : Math.max(shortestPaceMs, nowMs - oldestAtMs);
  const perMs = passedMs > 0 ? Number(used) / passedMs : 0;
  const isFilling = perMs > 0 && Number(left) > 0;
  const fullInMs = isFilling ? Math.min(Math.round(Number(left) / perMs), Number.MAX_SAFE_INTEGER) : null;
  return {
    key,
    bucket: bucket.bucket,
    used,
    limit,
    remaining: compareDecimal(left, '0') > 0 ? left : '0',
    share: Number(limit) > 0 ? Number(used) / Number(limit) : 1,
    entries,
    oldestAtMs: oldestAtMs ?? null,
    lastAtMs: bucket.lastAtMs ?? null,
    perHour: perMs * hourMs,
    // A calendar pot that starts anew before it is full at this pace never fills.
    fullInMs: fullInMs !== null && resetsAtMs !== null && nowMs + fullInMs > resetsAtMs ? null : fullInMs,
    resetsAtMs,
  };
}

const keysPerLimit = 50;
const listAnswer = z.strictObject({ limits: z.array(limitViewSchema), atMs: z.number().int() });

const entriesQuery = z.strictObject({
  bucket: z
    .string()
    .max(1_024)
    .regex(/^(rate|spend)(-shadow)?:/, 'must be the bucket of a rate or spend limit')
    .describe('the `bucket` of a gauge'),
  sinceMs: z.coerce.number().int().default(0),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const entrySchema = z.strictObject({
  entry: z.string().describe("the call's id"),
  amount,
  atMs: z.number().int(),
  tool: z.string().nullable(),
});
const entriesAnswer = z.strictObject({ entries: z.array(entrySchema) });

interface LimitRoutes {
  readonly name: string;
  readonly clock: { nowMs(): number };
  readonly needs: { readonly ledger: Ledger };
  collect(point: 'limits'): readonly LimitSource[];
  routes(build: (app: FastifyInstance) => void, options: { readonly prefix: string }): void;
}

/** `GET /api/limits` and its entries: every plugin with limits offers them, the first one answers for all. */
export function limitRoutes(api: LimitRoutes): void {
  api.routes(
    (app) => {
      const sources = api.collect('limits');
      if (sources[0]?.plugin !== api.name) return;
      const listed = described({ summary: 'Rate and spend limits with their fullest keys', answer: listAnswer });
      app.get('/', listed, async () => {
        const atMs = api.clock.nowMs();
        const views = await Promise.all(sources.map((source) => source.read(atMs, keysPerLimit)));
        return { limits: views.flat(), atMs };
      });
      const drilled = described({
        summary: 'What counts in one bucket, newest first',
        query: entriesQuery,
        answer: entriesAnswer,
      });
      app.get('/entries', drilled, async (request) => {
        const { bucket, sinceMs, limit } = request.query as z.output<typeof entriesQuery>;
        const entries = await api.needs.ledger.entries(bucket, sinceMs, limit);
        return {
          entries: entries.map(({ entry, amount: taken, atMs, note }) => ({
            entry,
            amount: taken,
            atMs,
            tool: toolIn(note),
          })),
        };
      });
    },
    { prefix: '/api/limits' },
  );
}

function toolIn(note: Json): string | null {
  const { tool } = (typeof note === 'object' && note !== null ? note : {}) as { readonly tool?: unknown };
  return typeof tool === 'string' ? tool : null;
}

export const limitsListCommand: CliCommand = {
  name: 'limits list',
  summary: 'Shows every rate and spend limit with its fullest keys.',
  async run(input) {
    const answer = (await input.ask('GET', '/api/limits')) as unknown as z.output<typeof listAnswer>;
    if (input.json) return input.out(JSON.stringify(answer as unknown as Json, null, 2));
    if (answer.limits.length === 0) return input.note('No rule has limits.');
    for (const view of answer.limits) {
      const unit = view.kind === 'rate' ? 'calls' : (view.currency ?? '');
      const shadow = view.mode === 'shadow' ? ', shadow' : '';
      input.out(
        `${view.rule} (line ${view.line}${shadow}): ${view.limit} ${unit} per ${windowText(view.windowMs)}, by ${view.key}`,
      );
      for (const gauge of view.keys) {
        input.out(
          `  ${bar(gauge.share)} ${`${gauge.used} of ${gauge.limit}`.padEnd(20)} ${visible(gauge.key)}`.slice(
            0,
            input.columns,
          ),
        );
      }
      if (view.keys.length === 0) input.out('  nothing taken');
    }
  },
};

/** `1h`, `90m`, `7d`. */
export function windowText(ms: number): string {
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', hourMs],
    ['m', 60_000],
    ['s', 1_000],
  ] as const) {
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** Ten characters, ASCII: it stands in logs and narrow terminals. */
export function bar(share: number): string {
  const full = Math.max(0, Math.min(10, Math.round(share * 10)));
  return `[${'#'.repeat(full)}${'.'.repeat(10 - full)}]`;
}

/** Keys come from outside: no control or formatting character reaches a terminal. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}
