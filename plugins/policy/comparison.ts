/** Compiles what a rule writes about one value: `{ gt: 1000 }`, `{ lte_input: '$.limit' }`, or a scalar for `eq`. */
import { nearest, type Json } from '@gethelio/proxy/plugin';
import { isScalar, seenAt, seenFound, showWritten, type Comparand, type Truth } from './comparand.ts';
import type { CompiledComparison, CompiledPath, ValueSource } from './contract.ts';
import { operatorAliases, operators } from './operators.ts';
import { compilePath } from './path.ts';

/** Tells of a mistake: a sentence, the way to it inside the value, and what to do. */
export type Complain = (message: string, at: readonly (string | number)[], fix?: string) => void;

/** One operator of a comparison, for traces and for finding the smallest change. */
export interface Part {
  readonly operator: string;
  readonly operand: Json;
  test(seen: Comparand, input: ValueSource): Truth;
}

/** Every operator that a rule may write. */
export const operatorNames: readonly string[] = Object.entries(operators).flatMap(([name, { compare }]) =>
  compare ? [name, `${name}_input`] : [name],
);

/** The parts of a comparison, or undefined after a mistake. */
export function compileParts(value: Json | undefined, complain: Complain): readonly Part[] | undefined {
  if (value === undefined) return undefined;
  const operations: Readonly<Record<string, Json>> | undefined = isScalar(value)
    ? { eq: value }
    : Array.isArray(value)
      ? { in: value }
      : (value as Readonly<Record<string, Json>>);
  const at = (name: string) => (operations === value ? [name] : []);
  const names = Object.keys(operations);
  if (names.length === 0) {
    complain('an empty comparison says nothing', [], 'write an operator, for example { gt: 1000 }');
    return undefined;
  }
  const parts = names.map((name) =>
    compilePart(name, operations[name]!, (message, fix) => complain(message, at(name), fix)),
  );
  return parts.every((part) => part !== undefined) ? parts : undefined;
}

function compilePart(
  written: string,
  operand: Json,
  complain: (message: string, fix?: string) => void,
): Part | undefined {
  const name = Object.hasOwn(operatorAliases, written) ? operatorAliases[written]! : written;
  const fromInput = name.endsWith('_input');
  const operator = Object.hasOwn(operators, name.replace(/_input$/, ''))
    ? operators[name.replace(/_input$/, '')]
    : undefined;
  if (!operator || (fromInput && !operator.compare)) {
    const meant = nearest(written, operatorNames);
    complain(
      `unknown operator "${written}"${meant ? ` (did you mean "${meant}"?)` : ''}`,
      `operators: ${operatorNames.filter((known) => !known.endsWith('_input')).join(', ')}; most also as <operator>_input`,
    );
    return undefined;
  }
  return fromInput
    ? inputPart(written, operator.compare!, operand, complain)
    : fixedPart(written, operator, operand, complain);
}

function fixedPart(
  written: string,
  operator: (typeof operators)[string],
  operand: Json,
  complain: (message: string, fix?: string) => void,
): Part | undefined {
  try {
    const test = operator.prepare(operand);
    if (test) return { operator: written, operand, test };
    complain(`"${written}" takes ${operator.takes}, not ${showWritten(operand)}`, `for example ${operator.example}`);
  } catch (error) {
    complain(
      `the regular expression ${showWritten(operand)} cannot be used: ${(error as Error).message}`,
      reasonOfRegex,
    );
  }
  return undefined;
}

const reasonOfRegex = 'use RE2 syntax: no look-around, no back-references (they cannot run in linear time)';

function inputPart(
  written: string,
  compare: (seen: Comparand, operand: Comparand) => Truth,
  operand: Json,
  complain: (message: string, fix?: string) => void,
): Part | undefined {
  const path = singlePath(operand, complain, written);
  if (!path) return undefined;
  return {
    operator: written,
    operand,
    test(seen, input) {
      const [other] = path.read(input.root)!;
      // A limit that is not there limits nothing: that cannot be judged, it is not "no".
      return other === undefined ? undefined : compare(seen, seenFound(other));
    },
  };
}

function singlePath(
  operand: Json,
  complain: (message: string, fix?: string) => void,
  operator: string,
): CompiledPath | undefined {
  const example = `for example ${operator}: '$.limit'`;
  if (typeof operand !== 'string') {
    complain(`"${operator}" takes the path of another argument, not ${showWritten(operand)}`, example);
    return undefined;
  }
  try {
    const path = compilePath(operand);
    if (path.single) return path;
    complain(`"${operator}" takes a path to one value, without wildcards`, example);
  } catch (error) {
    complain(`the path ${showWritten(operand)} is malformed: ${(error as Error).message}`, example);
  }
  return undefined;
}

/** Whether all parts hold; undefined when that cannot be judged. */
export function testParts(parts: readonly Part[], seen: Comparand, input: ValueSource): Truth {
  let result: Truth = true;
  for (const part of parts) {
    const truth = part.test(seen, input);
    if (truth === false) return false;
    if (truth === undefined) result = undefined;
  }
  return result;
}

export function partsText(parts: readonly Part[]): string {
  return parts.map(({ operator, operand }) => `${operator} ${showWritten(operand)}`).join(' and ');
}

/** For other plugins' fields (evidence): see `PolicyLanguage.comparison`. */
export function compileComparison(value: unknown, report: Complain): CompiledComparison | undefined {
  const parts = compileParts(value as Json | undefined, report);
  if (!parts) return undefined;
  return {
    text: partsText(parts),
    test: (left, path, found, input) => testParts(parts, seenAt(left, path, found), input),
  };
}
