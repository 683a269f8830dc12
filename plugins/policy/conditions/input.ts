/** `input:` - the arguments, by JSONPath and operators. */
import { z } from 'zod';
import type { Json } from '@gethelio/proxy/plugin';
import { seenFound, show, type Truth } from '../comparand.ts';
import { compileParts, partsText, testParts, type Part } from '../comparison.ts';
import type { CompiledCondition, CompiledPath, ConditionContext, FoundValue } from '../contract.ts';
import { compilePath } from '../path.ts';
import { isTracing } from '../trial.ts';
import type { BuiltIn, BuiltInContext } from './built-in.ts';

type Written = { readonly [path: string]: Json };
type Quantifier = 'any' | 'all';

const schema = z
  .record(z.string(), z.json())
  .refine((paths) => Object.keys(paths).length > 0, 'name at least one path');

/** One path's test. `quantifier` says how several values that a wildcard finds combine. */
interface PathTest {
  readonly path: CompiledPath;
  readonly quantifier: Quantifier;
  readonly exists: boolean | undefined;
  readonly parts: readonly Part[];
}

export const input: BuiltIn<Written> = {
  key: 'input',
  summary: 'The arguments: a JSONPath, and what its value must be.',
  example: "input: { '$.amount': { gt: 1000 }, '$.currency': 'GBP' }",
  schema: schema as z.ZodType<Written>,
  reads: 'arguments',
  compile(written, context) {
    const tests = Object.entries(written).map(([path, value]) => compileTest(path, value, context));
    const usable = tests.filter((test) => test !== undefined);
    const runs = usable.map((test) => runTest(test));
    return (ctx) => {
      let result: Truth = true;
      for (const run of runs) {
        const truth = run(ctx) as Truth;
        if (truth === false) result = false;
        else if (truth === undefined && result) result = undefined;
        if (truth === false && !isTracing(ctx)) return false;
      }
      return result;
    };
  },
};

function compileTest(text: string, written: Json, context: BuiltInContext): PathTest | undefined {
  let path: CompiledPath;
  try {
    path = compilePath(text);
  } catch (error) {
    const fix = "a path is $.member, $['odd name'], [0], [*], [1:3] or ..member";
    context.report(`the path ${JSON.stringify(text)} is malformed: ${(error as Error).message}`, [text], fix);
    return undefined;
  }
  const { quantifier, value, at } = readQuantifier(text, written, context);
  const complain = (message: string, inside: readonly (string | number)[], fix?: string) =>
    context.report(message, [...at, ...inside], fix);
  const parts = compileParts(value, complain);
  if (!parts) return undefined;
  const exists = parts.find(({ operator }) => operator === 'exists')?.operand as boolean | undefined;
  if (exists === false && parts.length > 1) {
    complain('nothing can be compared where nothing may stand', ['exists'], 'take the other operators out');
    return undefined;
  }
  context.noteComparison({ path, parts, positive: context.restricts === context.ruleRestricts });
  return { path, quantifier, exists, parts };
}

/**
 * `any` on a rule that restricts, `all` on an allow (turned round under `not`): one bad item is enough to refuse, and
 * every item must be good to allow.
 */
function readQuantifier(text: string, written: Json, context: BuiltInContext) {
  const fallback: Quantifier = context.restricts ? 'any' : 'all';
  if (typeof written === 'object' && written !== null && !Array.isArray(written)) {
    const keys = Object.keys(written);
    const [only] = keys;
    if (keys.length === 1 && (only === 'any' || only === 'all'))
      return { quantifier: only as Quantifier, value: (written as Written)[only], at: [text, only] };
  }
  return { quantifier: fallback, value: written, at: [text] };
}

/** A trace is kept with the call: what a list of thousands said is told by its first values. */
const mostNoted = 20;

function runTest(test: PathTest): CompiledCondition {
  const { path, parts, quantifier, exists } = test;
  return (ctx) => {
    const { call } = ctx;
    const source = { root: call.arguments as Json, decimal: call.decimal };
    const found = path.read(source.root);
    if (!found) {
      ctx.note(`the arguments are too large to look for ${path.text} in all of them: cannot be judged`);
      return undefined;
    }
    if (found.length === 0) {
      if (isTracing(ctx))
        ctx.note(`${path.text} is missing, ${partsText(parts)}: ${exists === false ? 'holds' : 'does not hold'}`);
      return exists === false;
    }
    const decisive = quantifier === 'any';
    const tracing = isTracing(ctx);
    let result: Truth = !decisive;
    let noted = 0;
    for (const one of found) {
      const truth = testParts(parts, seenFound(one), source);
      if (tracing && (noted++ < mostNoted || (truth === decisive && result !== decisive)))
        noteValue(ctx, one, parts, truth);
      if (truth === decisive) {
        result = decisive;
        if (!tracing) break;
      } else if (truth === undefined && result !== decisive) result = undefined;
    }
    if (noted > mostNoted) ctx.note(`${path.text} found ${noted} values, of which these were the first ${mostNoted}`);
    return result;
  };
}

function noteValue(ctx: ConditionContext, found: FoundValue, parts: readonly Part[], truth: Truth): void {
  const { value, path: at } = found;
  const seen = found.decimal() ?? show(value);
  const said =
    truth === undefined
      ? 'cannot be judged (another type), so it counts against the call'
      : truth
        ? 'holds'
        : 'does not hold';
  ctx.note(`${at} is ${seen}, ${partsText(parts)}: ${said}`);
}
