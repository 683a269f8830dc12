/** What the conditions of this plugin share: the contract's shape, and what a rule's compilation gathers from them. */
import type { Counters, Ledger } from '@gethelio/proxy/contracts/state';
import type { ToolDefinition } from '@gethelio/proxy/plugin';
import type { Part } from '../comparison.ts';
import type { CompileContext, CompiledCondition, CompiledPath, RuleCondition, SessionContext } from '../contract.ts';
import type { Reads } from '../trial.ts';
import type { Tracker } from '../trackers.ts';

export interface BuiltIn<Parsed = any> extends RuleCondition<Parsed> {
  /** Volatile answers are remembered for the trace. */
  readonly volatile?: boolean;
  /** For the reference: one line of YAML. */
  readonly example: string;
  readonly reads: Reads;
  compile(parsed: Parsed, context: BuiltInContext): CompiledCondition;
}

export interface BuiltInContext extends CompileContext {
  /** The rule's own side; `restricts` is turned round against it under `not`. */
  readonly ruleRestricts: boolean;
  /** The top-level `environment:` string. */
  readonly environment: string | undefined;
  readonly counters: Counters | undefined;
  readonly ledger: Ledger | undefined;
  readonly sessions: SessionContext | undefined;
  /** Comparisons of arguments in this rule: for the smallest change and for the catalogue's checks. */
  noteComparison(comparison: InputComparison): void;
  /** Counts what a `state` condition asks for; the same question is counted once. */
  track(tracker: Tracker): void;
}

/** One path of one rule's `input:`. */
export interface InputComparison {
  readonly path: CompiledPath;
  readonly parts: readonly Part[];
  /** False under `not`: the rule matches when the comparison does not hold. */
  readonly positive: boolean;
}

/** The hints that a tool without annotations has (MCP, ToolAnnotations). */
export const defaultAnnotations: ToolDefinition['annotations'] = {
  readOnlyHint: false,
  destructiveHint: true,
  idempotentHint: false,
  openWorldHint: true,
};
