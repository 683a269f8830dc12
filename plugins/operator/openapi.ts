/** `/api/openapi.json`: every described route of every plugin, from the zod schemas that check the requests. */
import { z } from 'zod';
import type { RouteDescription } from './contract.ts';

export interface DescribedRoute {
  readonly method: string;
  /** As fastify writes it: `/api/audit/:id`. */
  readonly url: string;
  readonly plugin: string;
  readonly description: RouteDescription;
}

export function openApi(routes: readonly DescribedRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const { method, url, plugin, description } of routes) {
    const path = url.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[method.toLowerCase()] = {
      summary: description.summary,
      tags: [plugin],
      parameters: [...parameters('path', description.params), ...parameters('query', description.query)],
      ...(description.body === undefined
        ? {}
        : {
            requestBody: {
              required: true,
              content: { 'application/json': { schema: schemaOf(description.body, 'input') } },
            },
          }),
      responses: {
        200: {
          description: 'Done',
          ...(description.answer === undefined
            ? {}
            : { content: { 'application/json': { schema: schemaOf(description.answer, 'output') } } }),
        },
        default: { $ref: '#/components/responses/Refused' },
      },
    };
  }
  const refused = {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message'],
        properties: { code: { type: 'string' }, message: { type: 'string' }, fix: { type: 'string' } },
      },
    },
  };
  return {
    openapi: '3.1.0',
    info: { title: 'Helio operator API', version },
    security: [{ bearer: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        session: { type: 'apiKey', in: 'cookie', name: 'helio_session' },
      },
      responses: { Refused: { description: 'Refused', content: { 'application/json': { schema: refused } } } },
    },
  };
}

function parameters(place: 'path' | 'query', schema: z.ZodType | undefined): object[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, object>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, part]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    schema: part,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<
    string,
    unknown
  >;
  return rest;
}
