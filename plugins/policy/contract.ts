/** How other plugins give the rule language meaning: actions, fields, conditions - and how they read what matched. */
import {
  defineExtension,
  defineFact,
  defineService,
  type Awaitable,
  type Call,
  type CallContext,
  type ConfigPath,
  type Effect,
  type Facts,
  type Json,
  type JsonObject,
  type Problem,
  type ToolDefinition,
} from '@gethelio/proxy/plugin';
import type { z } from 'zod';

/** A rule that matched this call. */
export interface MatchedRule {
  /** The rule's `name`, else `<tool or match>#<n>` counted from 1. */
  readonly name: string;
  readonly line: number;
  readonly index: number;
  readonly action: string | undefined;
  readonly tags: readonly string[];
  /** `shadow`: judge and record with counters of your own, mark the verdict `shadow: true`, hold and take nothing real. */
  readonly mode: 'enforce' | 'shadow';
  /**
   * What a bucket hangs on: the rule's name, or the hash of its match and action - never of its limits or its place, so
   * that changing a limit or moving a rule refills nothing.
   */
  readonly identity: string;
  /**
   * The rule's own key `release_on_error: true` (policy owns it, default false): limits, budgets and single-use evidence
   * are also given back when the upstream answered with an error.
   */
  readonly releaseOnError?: boolean;
  /** The compiled fields (`limits`, `evidence`, `requires`, `approval`, `feedback`, ...), by key. */
  readonly fields: { readonly [key: string]: unknown };
}

/** The rules that matched and count, in file order. Set by `policy` in evaluate, stage `judge`; read it in `meter`. */
export const matchedRules = defineFact<readonly MatchedRule[]>('policy.matched');
/** A lazily made trace of every rule tried: what matched, what did not and why. */
export const policyTrace = defineFact<() => Json>('policy.trace');

/** Set when `flag_destructive` marked the call: the tool says that it destroys, and no final rule silenced the mark. */
export const flaggedDestructive = defineFact<'log' | 'require_approval'>('policy.destructive');

/** Gives `action: <name>` its meaning. */
export interface RuleAction {
  readonly name: string;
  readonly summary: string;
  /** What the rule says when it matches; left out: it says nothing by itself, it only restricts (limits). */
  readonly speaks?: {
    readonly effect: Effect;
    readonly code: string;
    readonly reason: (rule: MatchedRule, call: Call) => string;
  };
  /** Fields that must stand beside the action: `limits`, or with its part `limits.calls`. */
  readonly needs?: readonly string[];
}

/** Gives a key of a rule (`limits:`, `evidence:`, ...) its schema and its compiled form. */
export interface RuleField<Parsed = unknown, Compiled = unknown> {
  readonly key: string;
  /**
   * Several plugins share one key, each with a part of its object (`limits`: `calls` is `max_calls`, `window`, `key` of
   * rate-limits; `spend` is `max_spend` of spend-limits). The schema is then a `z.strictObject`; policy merges the
   * shapes of all parts into one strict object (a key in two parts is an error at load) and, when any key of a part's
   * shape is present, parses the present keys of that part alone with the part's own schema (refinements hold) and
   * compiles them: `fields[key][part]`. A part none of whose keys are present is absent. A value with no key at all is
   * an error. The unknown key of a part that is not loaded is an error that names the plugin (`limits.max_spend`:
   * add spend-limits).
   */
  readonly part?: string;
  readonly summary: string;
  readonly schema: z.ZodType<Parsed>;
  /**
   * A `deny` that carries a gate is silent: the field's own plugin denies in `meter` while the gate is not met
   * (`evidence`, `requires`).
   */
  readonly gate?: boolean;
  /** A rule may carry it without any action. */
  readonly alone?: boolean;
  /** Turns the parsed value into what `fields[key]` holds. Report mistakes with `context.report`. */
  compile?(parsed: Parsed, context: CompileContext): Compiled;
}
export interface CompileContext {
  readonly rule: { readonly name: string; readonly action: string | undefined };
  /** Where the value stands in helio.yaml; `at` below is appended to it. */
  readonly path: ConfigPath;
  /**
   * Whether what cannot be judged must hold: true on a rule that restricts, false on an `allow`, turned round under `not`.
   */
  readonly restricts: boolean;
  report(message: string, at?: ConfigPath, fix?: string): void;
  warn(message: string, at?: ConfigPath, fix?: string): void;
}

/** Gives a key of `match:` its meaning. Compiled once at load. */
export interface RuleCondition<Parsed = unknown> {
  readonly key: string;
  readonly summary: string;
  readonly schema: z.ZodType<Parsed>;
  /**
   * What the answer depends on: the call's kind, upstream and `name`; these and the `caller`, his tool's annotations and
   * the time; or the `arguments` and state too (left out). `hide_denied` and the rule index decide the first two early.
   */
  readonly reads?: 'name' | 'caller' | 'arguments';
  compile(parsed: Parsed, context: CompileContext): CompiledCondition;
}
/**
 * True when the condition holds; undefined when that cannot be judged (a value of the wrong type), which then holds or
 * not as `restricts` says and is never final. Synchronous unless it must ask a store. A throw is a deny.
 */
export type CompiledCondition = (ctx: ConditionContext) => Awaitable<boolean | undefined>;
export interface ConditionContext {
  readonly call: Call;
  readonly facts: Facts;
  readonly nowMs: number;
  readonly tool: ToolDefinition | undefined;
  /** As in `CompileContext`: what cannot be judged must hold. */
  readonly restricts: boolean;
  /** Says why, for `explain`: the value seen, the operator, the reason. */
  note(text: string): void;
}

export const ruleAction = defineExtension<RuleAction>('policy.action');
export const ruleField = defineExtension<RuleField<any, any>>('policy.field');
export const ruleCondition = defineExtension<RuleCondition<any>>('policy.condition');

/** Adds a key to the section `policies` (`on_tool_drift`). */
export interface PolicySetting<Parsed = unknown> {
  readonly key: string;
  readonly summary: string;
  readonly schema: z.ZodType<Parsed>;
  /** Called once, while the config is checked; undefined when the key is left out. */
  use(value: Parsed | undefined): void;
}
export const policySetting = defineExtension<PolicySetting<any>>('policy.setting');

/** What `match.context` asks: the values that an SDK set for a session. `sideband` contributes it. */
export interface SessionContext {
  get(sessionId: string): JsonObject | undefined;
}
export const sessionContext = defineExtension<SessionContext>('policy.context');

/** Every rule as written, for pages and commands. */
export interface PolicyRules {
  readonly rules: readonly RuleView[];
  readonly default: 'allow' | 'deny';
  /** All compiled rules that carry a field, matched or not (evidence paths, budgets' contributors). */
  withField(key: string): readonly MatchedRule[];
  /** Further warnings that only the tools of an upstream tell: unknown names, numbers compared with text. */
  againstTools(tools: readonly ToolDefinition[]): readonly Problem[];
  /** Rules whose tool pattern could match this name, whatever the arguments. */
  about(ctx: CallContext): readonly MatchedRule[];
}
export interface RuleView {
  readonly name: string;
  readonly line: number;
  readonly action: string | undefined;
  readonly mode: 'enforce' | 'shadow';
  readonly tags: readonly string[];
  readonly source: string;
  readonly warnings: readonly string[];
}
export const policyRules = defineService<PolicyRules>('policy.rules');

/** The parts of the rule language that other plugins need in their own fields. Everything is compiled once, at load. */
export interface PolicyLanguage {
  /** `*` matches every run of characters. `folded` compares as deny rules do, else exactly as allow rules do. */
  glob(pattern: string, options?: { readonly folded?: boolean }): (name: string) => boolean;
  /** A JSONPath. Throws a TypeError with a sentence when it is malformed. */
  path(text: string): CompiledPath;
  /**
   * Comparisons of one value: `{ gte: 5 }`, `{ equals_input: '$.order_id' }`, or a scalar for `eq`. Undefined after a
   * mistake, which went to `report` with the way to it.
   */
  comparison(
    written: unknown,
    report: (message: string, at: ConfigPath, fix?: string) => void,
  ): CompiledComparison | undefined;
}
/** Values that a path found. */
export interface CompiledPath {
  readonly text: string;
  /** At most one value: no wildcard, slice or recursion. */
  readonly single: boolean;
  /**
   * The values found. Undefined when there was more to look at than a call may cost (250,000 values): then nothing is
   * known, and a guard must treat it as not satisfied. Never undefined for a `single` path.
   */
  read(root: Json): readonly FoundValue[] | undefined;
}
export interface FoundValue {
  readonly value: Json;
  /** Its own member path, made when it is asked for. */
  readonly path: string;
  /** The exact text of a number; undefined for every other value. */
  decimal(): string | undefined;
}
/** A JSON value and the exact texts of the numbers in it, by member path. */
export interface ValueSource {
  readonly root: Json;
  decimal(path: string): string | undefined;
}
export interface CompiledComparison {
  /** The operators as written, for messages: `gte 5`. */
  readonly text: string;
  /**
   * Whether all operators hold for the value at `path` of `left`; `*_input` operators read `input`. Undefined: cannot be
   * judged (wrong type), which a guard must treat as not satisfied.
   */
  test(left: ValueSource, path: string, value: Json, input: ValueSource): boolean | undefined;
}
export const policyLanguage = defineService<PolicyLanguage>('policy.language');
