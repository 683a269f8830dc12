/** Writes docs/reference/configuration.md: a table per section, from the schemas and their descriptions alone. */
import { unitKey } from './duration.ts';
import { sectionJsonSchema, type JsonSchema } from './json-schema.ts';
import type { Section } from './schema.ts';

interface Row {
  readonly key: string;
  readonly type: string;
  readonly fallback: string;
  readonly meaning: string;
}

export function configurationPage(sections: readonly Section[]): string {
  return `${intro.trim()}\n\n${sections.map(sectionText).join('\n')}`;
}

/** The table of one schema; empty when it has no keys. For `helio plugins docs` too. */
export function keyTable(schema: Section['schema']): string {
  return tableOf(rows(sectionJsonSchema(schema), ''));
}

function sectionText({ name, schema, owner }: Section): string {
  const node = sectionJsonSchema(schema);
  const head = [`## ${name}`, ''];
  if (owner !== 'kernel') head.push(`Read by the plugin \`${owner}\`.`, '');
  const described = node['description'];
  if (typeof described === 'string') head.push(described, '');
  const list = rows(node, '');
  if (list.length === 0) return [...head, 'It has no keys.', ''].join('\n');
  return [...head, tableOf(list), ''].join('\n');
}

function tableOf(list: readonly Row[]): string {
  if (list.length === 0) return '';
  const table = list.map(
    ({ key, type, fallback, meaning }) =>
      `| ${key === '' ? '(the value)' : `\`${key}\``} | ${type} | ${fallback} | ${meaning} |`,
  );
  return ['| key | type | default | meaning |', '|---|---|---|---|', ...table].join('\n');
}

/** Everything below a node: members as `a.b`, list entries as `a[]`, free keys as `a.<name>`. */
function rows(node: JsonSchema, path: string, depth = 0): readonly Row[] {
  if (depth > 8) return [];
  const properties = node['properties'] as { readonly [key: string]: JsonSchema } | undefined;
  if (properties) {
    const required = new Set((node['required'] as string[] | undefined) ?? []);
    const own = Object.entries(properties).flatMap(([key, member]) => {
      const at = path === '' ? key : `${path}.${key}`;
      const below = isContainer(member) ? rows(member, at, depth + 1) : [];
      return [row(member, at, required.has(key)), ...below];
    });
    const free = node['additionalProperties'];
    return [...own, ...(isNode(free) ? named(free, path, depth) : [])];
  }
  if (node['type'] === 'array' && isNode(node['items']))
    return isContainer(node['items']) ? rows(node['items'], `${path}[]`, depth + 1) : [];
  if (isNode(node['additionalProperties'])) return named(node['additionalProperties'], path, depth);
  const branches = branchesOf(node);
  const inside = branches
    .filter(isContainer)
    .map((branch) => ({ tag: tagOf(branch), rows: rows(branch, path, depth + 1) }));
  if (inside.length > 0) return merged(inside);
  return path === '' ? [row(node, path, false)] : [];
}

function named(node: JsonSchema, path: string, depth: number): readonly Row[] {
  return within(node, path === '' ? '<name>' : `${path}.<name>`, depth);
}

/** The members of a list's entries, or of a free key; a free key of a plain value is a row of its own. */
function within(node: JsonSchema, path: string, depth: number): readonly Row[] {
  return isContainer(node) ? rows(node, path, depth + 1) : [row(node, path, false)];
}

function row(node: JsonSchema, key: string, isRequired: boolean): Row {
  const fallback = node['default'];
  const isPlain =
    fallback !== undefined && (typeof fallback !== 'object' || fallback === null || Object.keys(fallback).length === 0);
  return {
    key,
    type: cell(typeText(node)),
    fallback: isPlain
      ? `\`${cell(JSON.stringify(fallback))}\``
      : isRequired && fallback === undefined
        ? '**required**'
        : '',
    meaning: cell(
      `${typeof node['description'] === 'string' ? node['description'] : ''}${node['writeOnly'] ? ' Secret: never shown.' : ''}`.trim(),
    ),
  };
}

function typeText(node: JsonSchema): string {
  if (node[unitKey] !== undefined) return String(node[unitKey]);
  if (node['const'] !== undefined) return `\`${String(node['const'])}\``;
  if (Array.isArray(node['enum']))
    return node['enum']
      .map((value) => `\`${JSON.stringify(value)}\``)
      .join(', ')
      .replaceAll('"', '');
  const branches = branchesOf(node);
  if (branches.length > 0) return [...new Set(branches.map(typeText))].join(' or ');
  if (node['type'] === 'array') return isNode(node['items']) ? `list of ${typeText(node['items'])}` : 'list';
  const names: { readonly [type: string]: string } = {
    string: 'text',
    integer: 'whole number',
    number: 'number',
    boolean: 'true or false',
    object: 'group',
    null: 'empty',
  };
  return names[String(node['type'])] ?? 'any';
}

interface Branch {
  /** `slack`, where the branch is told by `type: slack`. */
  readonly tag: string | undefined;
  readonly rows: readonly Row[];
}

/** One row per key of all branches; a key that only some have says which. */
function merged(branches: readonly Branch[]): readonly Row[] {
  const found = new Map<string, { row: Row; types: Set<string>; tags: (string | undefined)[] }>();
  for (const { tag, rows: list } of branches) {
    for (const each of list) {
      const known = found.get(each.key) ?? { row: each, types: new Set(), tags: [] };
      known.types.add(each.type);
      known.tags.push(tag);
      found.set(each.key, known);
    }
  }
  return [...found.values()].map(({ row: first, types, tags }) => {
    const isEverywhere = tags.length === branches.length || tags.some((tag) => tag === undefined);
    const only = isEverywhere ? '' : ` Only with type ${tags.join(' or ')}.`;
    return { ...first, type: [...types].join(', '), meaning: `${first.meaning}${only}`.trim() };
  });
}

function tagOf(branch: JsonSchema): string | undefined {
  const tag = (branch['properties'] as { readonly type?: JsonSchema } | undefined)?.type?.['const'];
  return typeof tag === 'string' ? tag : undefined;
}

const branchesOf = (node: JsonSchema): readonly JsonSchema[] =>
  ((node['anyOf'] ?? node['oneOf'] ?? []) as readonly JsonSchema[]).filter((branch) => branch['type'] !== 'null');
const isNode = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;
const isContainer = (node: JsonSchema): boolean =>
  node['properties'] !== undefined ||
  (node['type'] === 'array' && isNode(node['items'])) ||
  isNode(node['additionalProperties']) ||
  branchesOf(node).some(isContainer);
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

const intro = `
<!-- Generated from the schemas of the kernel and the standard plugins; a test compares the two. -->

# Configuration: helio.yaml

- An unknown key is an error, with the nearest known one. All errors are shown at once, with line and column.
- \`\${NAME}\` and \`\${NAME:-default}\` inside a value are replaced from the environment, then from a \`.env\` file beside
  helio.yaml. A missing variable is an error. \`$\${\` is a literal \`\${\`. Inside \`{ }\` and \`[ ]\` a variable must stand in quotes.
- A duration has a unit: \`250ms\`, \`300s\`, \`10m\`, \`1h\`, \`90d\`. A size too: \`512KiB\`, \`4MiB\`.
- A relative path counts from the folder of helio.yaml.
- A section of a plugin that is not loaded is an error that names the plugin to add.
`;
