/** One tap: a plugin's function at a stage of a hook, with everything that the guard and the order need to know. */
import type { HookHandlers, HookName, HookStages, TapOptions } from './plugin.ts';
import type { TapHealth } from './health.ts';
import { placeOf } from './watchdog.ts';

export interface Tap<H extends HookName = HookName> {
  readonly plugin: string;
  readonly hook: H;
  /** Under which the watchdog knows it. */
  readonly place: number;
  readonly stage: string;
  /** The stage's place in its hook. */
  readonly stageIndex: number;
  readonly after: readonly string[];
  readonly matches: ((tool: string) => boolean) | undefined;
  readonly timeoutMs: number;
  readonly handler: HookHandlers[H];
  readonly health: TapHealth;
}

/** Every hook's stages in their order, and how long a tap may take. A new hook breaks this line until it is thought through. */
export const hookPlan = {
  onRequest: { stages: ['identify', 'normalize', 'observe'], middle: 'normalize', timeoutMs: 1_000 },
  evaluate: { stages: ['guard', 'judge', 'meter'], middle: 'judge', timeoutMs: 1_000 },
  beforeForward: { stages: ['lift', 'reserve', 'prepare'], middle: 'reserve', timeoutMs: 2_000 },
  afterResponse: { stages: ['redact', 'annotate'], middle: 'annotate', timeoutMs: 2_000 },
  onDecision: { stages: ['observe'], middle: 'observe', timeoutMs: 2_000 },
} as const satisfies Record<HookName, { stages: readonly string[]; middle: string; timeoutMs: number }>;

export const hookNames = Object.keys(hookPlan) as readonly HookName[];

/** Completes what a plugin wrote in `hooks.x.tap(options, handler)`. `timeoutMs` of the plugin list wins over the plugin's own. */
export function createTap<H extends HookName>(
  plugin: string,
  hook: H,
  options: TapOptions<H>,
  handler: HookHandlers[H],
  health: TapHealth,
  operatorTimeoutMs: number | undefined,
): Tap<H> {
  const plan = hookPlan[hook];
  const stage = (options.stage as HookStages[H] | undefined) ?? plan.middle;
  const stageIndex = (plan.stages as readonly string[]).indexOf(stage);
  if (stageIndex < 0)
    throw new TypeError(`${plugin}: hook ${hook} has no stage "${stage}"; it has ${plan.stages.join(', ')}`);
  return Object.freeze({
    plugin,
    hook,
    place: placeOf(plugin, hook),
    stage,
    stageIndex,
    after: options.after ?? [],
    matches: options.only === undefined ? undefined : compileGlob(options.only.tool),
    timeoutMs: operatorTimeoutMs ?? options.timeoutMs ?? plan.timeoutMs,
    handler,
    health,
  });
}

/** `*` matches any characters, dots and slashes included: tool names are not file paths. */
function compileGlob(glob: string): (name: string) => boolean {
  const pattern = glob
    .split('*')
    .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^]*');
  const expression = new RegExp(`^${pattern}$`, 'u');
  return (name) => expression.test(name);
}
