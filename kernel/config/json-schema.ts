/** The JSON Schema of helio.yaml: for editors, `helio config schema` and the reference. */
import { z } from 'zod';
import { durationText, sizeText, unitKey } from './duration.ts';
import { defOf } from './schema-walk.ts';
import { isSecret } from './secret.ts';

export type JsonSchema = { [key: string]: unknown };

/** One strict object of all sections, by name. */
export function composeJsonSchema(schemas: ReadonlyMap<string, z.ZodType>): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'helio.yaml',
    type: 'object',
    properties: Object.fromEntries(
      [...schemas].map(([name, schema]) => [name, sectionJsonSchema(schema, { variables: true })]),
    ),
    additionalProperties: false,
  };
}

/**
 * One section, as it is written (before defaults and conversions). `variables`: a number or true/false may also be
 * `${NAME}`, so that an editor does not mark it.
 */
export function sectionJsonSchema(schema: z.ZodType, options: { readonly variables?: boolean } = {}): JsonSchema {
  const written = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    cycles: 'ref',
    override: ({ zodSchema, jsonSchema }) => {
      const node = jsonSchema as JsonSchema;
      if (isSecret(zodSchema as unknown as z.ZodType)) {
        node['writeOnly'] = true;
        delete node['default'];
      }
      // zod leaves out a default that is no longer what people write: milliseconds, bytes.
      const { type: kind, defaultValue } = defOf(zodSchema as unknown as z.ZodType);
      if (kind === 'default' && typeof defaultValue === 'number') {
        if (node[unitKey] === 'duration') node['default'] = durationText(defaultValue);
        if (node[unitKey] === 'size') node['default'] = sizeText(defaultValue);
      }
      const { type } = node;
      if (options.variables && (type === 'number' || type === 'integer' || type === 'boolean')) {
        node['type'] = [type, 'string'];
        node['pattern'] = '\\$\\{'; // says nothing about numbers
      }
    },
  }) as JsonSchema;
  const { $schema: _version, ...section } = written; // drops the hidden `~standard` too
  return section;
}
