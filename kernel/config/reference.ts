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

function sectionText({ name, schema, owner }: Section): string {
  const node = sectionJsonSchema(schema);
  const head = [`## ${name}`, ''];
  if (owner !== 'kernel') head.push(`Read by the plugin \`${owner}\`.`, '');
  const described = node['description'];
  if (typeof described === 'string') head.push(described, '');
  const list = rows(node, '');
  if (list.length === 0) return [...head, 'It has no keys.', ''].join('\n');
  const table = list.map(
    ({ key, type, fallback, meaning }) =>
      `| ${key === '' ? '(the value)' : `\`${key}\``} | ${type} | ${fallback} | ${meaning} |`,
  );
  return [...head, '| key | type | default | meaning |', '|---|---|---|---|', ...table, ''].join('\n');
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
  if (node['type'] === 'array' && isNode(node['items'])) return within(node['items'], `${path}[]`, depth);
  if (isNode(node['additionalProperties'])) return named(node['additionalProperties'], path, depth);
  const branches = branchesOf(node);
  const inside = branches.filter(isContainer).flatMap((branch) => rows(branch, path, depth + 1));
  if (inside.length > 0) return distinct(inside);
  return path === '' ? [row(node, path, false)] : [];
}

function named(node: JsonSchema, path: string, depth: number): readonly Row[] {
  return within(node, path === '' ? '<name>' : `${path}.<name>`, depth);
}

/** A list's entry or a free key: a row of its own when it is a plain value, else its members. */
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
  if (node['const'] !== undefined) return `\`${JSON.stringify(node['const'])}\``;
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

function distinct(list: readonly Row[]): readonly Row[] {
  const seen = new Map<string, Row>();
  for (const each of list) {
    const known = seen.get(each.key);
    if (!known) seen.set(each.key, each);
    else if (known.type !== each.type)
      seen.set(each.key, {
        ...known,
        type: [...new Set([...known.type.split(', '), ...each.type.split(', ')])].join(', '),
      });
  }
  return [...seen.values()];
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
