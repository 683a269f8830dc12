/** From YAML text to a plain tree, with the place of every value. Refuses what two readers could understand differently. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node, type Pair } from 'yaml';
import { isDecimal, normaliseDecimal } from '../decimal.ts';
import { configProblem } from '../errors.ts';
import type { ConfigPath, Json, Problem } from '../plugin.ts';
import { substitute, type Environment } from './variables.ts';

export interface YamlTree {
  /** Undefined when the text could not be read: then `problems` says why. */
  readonly value: Json | undefined;
  readonly problems: readonly (Problem & { readonly line?: number; readonly column?: number })[];
  /** Line and column of the key (or list entry) at a path, from 1. */
  position(path: ConfigPath): { readonly line: number; readonly column: number } | undefined;
  /** Whether the scalar at a path came (in part) from a variable. */
  writtenAt(path: ConfigPath): string | undefined;
}

const plainTags = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq'].map((name) => `tag:yaml.org,2002:${name}`),
);
/** Values that aliases may repeat, in all: enough for shared snippets, too little for a bomb. */
const maxAliasedValues = 10_000;
const maxDepth = 64;

export function readYamlTree(text: string, env: Environment): YamlTree {
  const counter = new LineCounter();
  const problems: (Problem & { line?: number; column?: number })[] = [];
  const at = (offset: number) => {
    const { line, col } = counter.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const nothing: YamlTree = { value: undefined, problems, position: () => undefined, writtenAt: () => undefined };

  let document: Document.Parsed;
  try {
    document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      lineCounter: counter,
      prettyErrors: false,
      logLevel: 'error', // 'silent' also hides a second document
    });
  } catch (cause) {
    // The library recurses: a bomb of brackets ends in a stack overflow.
    const detail = cause instanceof RangeError ? 'it is nested too deep' : String((cause as Error).message);
    problems.push(configProblem('HELIO_CONFIG_SYNTAX', { detail }, []));
    return nothing;
  }
  const duplicates = document.errors.filter((error) => error.code === 'DUPLICATE_KEY');
  for (const error of duplicates) problems.push({ ...duplicateKey(text, error.pos[0]), ...at(error.pos[0]) });
  // Only the first: after it the parser is out of step, and what follows is noise.
  const first = document.errors.find((error) => error.code !== 'DUPLICATE_KEY');
  if (first) problems.push({ ...syntaxProblem(text, first), ...at(first.pos[0]) });
  if (problems.length > 0) return nothing;

  const substituted = new Map<string, string>();
  const walk = createWalk(document, env, substituted, (problem, node) =>
    problems.push({ ...problem, ...(node?.range ? at(node.range[0]) : {}) }),
  );
  const value = walk(document.contents as Node | null);
  return {
    value,
    problems,
    position(path) {
      const node = nodeAt(document, path);
      return node?.range ? at(node.range[0]) : undefined;
    },
    writtenAt: (path) => substituted.get(JSON.stringify(path)),
  };
}

type Report = (problem: Problem, node?: Node | null) => void;

function createWalk(document: Document.Parsed, env: Environment, substituted: Map<string, string>, report: Report) {
  let aliased = 0;
  let aliasDepth = 0;

  function walk(node: Node | null, path: ConfigPath = []): Json {
    if (node === null) return null;
    if (aliasDepth > 0 && ++aliased > maxAliasedValues) {
      if (aliased === maxAliasedValues + 1) report(configProblem('HELIO_CONFIG_ALIASES', {}, path), node);
      return null;
    }
    if (path.length > maxDepth) {
      report(
        configProblem('HELIO_CONFIG_SYNTAX', { detail: `it is nested more than ${maxDepth} deep` }, path.slice(0, 4)),
        node,
      );
      return null;
    }
    if (isAlias(node)) return walkAlias(node, path);
    const { tag } = node as { tag?: string };
    if (tag !== undefined && !plainTags.has(tag)) {
      report(configProblem('HELIO_CONFIG_TAG', { tag: tag.replace('tag:yaml.org,2002:', '!!') }, path), node);
      return null;
    }
    if (isSeq(node)) return node.items.map((item, index) => walk(item as Node | null, [...path, index]));
    if (isMap(node)) return walkMap(node.items as Pair<Node, Node | null>[], path);
    return walkScalar(node, path);
  }

  function walkAlias(node: Node, path: ConfigPath): Json {
    const target = isAlias(node) ? node.resolve(document) : undefined;
    if (!target) {
      report(configProblem('HELIO_CONFIG_SYNTAX', { detail: 'this alias has no anchor before it' }, path), node);
      return null;
    }
    aliasDepth++;
    const value = walk(target, path);
    aliasDepth--;
    return value;
  }

  function walkMap(pairs: readonly Pair<Node, Node | null>[], path: ConfigPath): Json {
    const object: { [key: string]: Json } = {};
    for (const { key: node, value } of pairs) {
      const key = keyText(node);
      if (key === undefined)
        report(configProblem('HELIO_CONFIG_VALUE', { message: 'a key must be plain text' }, path), node);
      else if (key === '<<')
        report(
          configProblem(
            'HELIO_CONFIG_VALUE',
            {
              message: 'merge keys ("<<") do not exist in YAML 1.2',
              fix: 'repeat the value with an alias, or write it out',
            },
            path,
          ),
          node,
        );
      else if (key === '__proto__') report(configProblem('HELIO_CONFIG_UNKNOWN_KEY', { key }, path), node);
      else if (Object.hasOwn(object, key))
        report(configProblem('HELIO_CONFIG_DUPLICATE_KEY', { key }, [...path, key]), node);
      else object[key] = walk(value, [...path, key]);
    }
    return object;
  }

  function walkScalar(node: Node, path: ConfigPath): Json {
    const { value, source } = node as { value?: unknown; source?: string };
    if (typeof value === 'string') {
      const replaced = substitute(value, env, path);
      for (const problem of replaced.problems) report(problem, node);
      if (replaced.substituted) substituted.set(JSON.stringify(path), value);
      return replaced.text;
    }
    if (typeof value === 'number') {
      if (!Number.isFinite(value))
        report(configProblem('HELIO_CONFIG_VALUE', { message: 'must be a finite number' }, path), node);
      else if (source !== undefined && losesDigits(source, value)) {
        const message = `the number ${source.slice(0, 40)} has more digits than a number can keep`;
        report(
          configProblem(
            'HELIO_CONFIG_VALUE',
            { message, fix: 'write it in quotes if this field takes text, or shorten it' },
            path,
          ),
          node,
        );
      }
      return value;
    }
    return typeof value === 'boolean' ? value : null;
  }

  return walk;
}

/** Whether the number is not the one that was written: money must not change on its way in. */
function losesDigits(source: string, value: number): boolean {
  const text = source.replace(/^\+/, '');
  return isDecimal(text) && normaliseDecimal(text) !== normaliseDecimal(String(value));
}

/** `1: x` has the key "1", as it is written. */
function keyText(node: Node | null): string | undefined {
  if (!isScalar(node)) return undefined;
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value));
}

/** The key of a map's member, or the list's entry: where an editor would put the cursor. */
function nodeAt(document: Document.Parsed, path: ConfigPath): Node | undefined {
  let value = document.contents as Node | null;
  let place: Node | undefined = value ?? undefined;
  for (const key of path) {
    if (isAlias(value)) value = value.resolve(document) ?? null;
    if (isMap(value)) {
      const pair = (value.items as Pair<Node, Node | null>[]).find((item) => keyText(item.key) === String(key));
      if (!pair) return undefined;
      place = pair.key;
      value = pair.value;
    } else if (isSeq(value) && typeof key === 'number') {
      const item = value.items[key] as Node | undefined;
      if (!item) return undefined;
      place = value = item;
    } else return undefined;
  }
  return place;
}

function duplicateKey(text: string, from: number): Problem {
  const key = /^(?:"([^"\n]*)"|'([^'\n]*)'|([^:\n]*))/.exec(text.slice(from, from + 80))!;
  return configProblem('HELIO_CONFIG_DUPLICATE_KEY', { key: (key[1] ?? key[2] ?? key[3] ?? '').trim() }, []);
}

function syntaxProblem(
  text: string,
  error: { readonly message: string; readonly pos: readonly [number, number] },
): Problem {
  if (text.slice(error.pos[0] - 1, error.pos[0] + 2).includes('${')) {
    const message = 'a variable inside { } or [ ] must stand in quotes';
    return configProblem('HELIO_CONFIG_VALUE', { message, fix: "write '${NAME}' instead of ${NAME}" }, []);
  }
  return configProblem('HELIO_CONFIG_SYNTAX', { detail: plainWords(error.message) }, []);
}

/** The parser speaks to programmers; its first sentence is enough, without the capital. */
function plainWords(message: string): string {
  const sentence = message.split('\n')[0]!.replace(/[.:]$/, '').slice(0, 120);
  if (/multiple documents/.test(sentence)) return 'a second document starts here ("---")';
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}
