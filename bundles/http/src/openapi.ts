import { API, type Entry, type RouteTable } from './routes.js';

/** OpenAPI 3.1 of the routes below `/api/v1` that are served now. */
export function openapi(table: RouteTable, version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const entry of table.served()) {
    const path = entry.path.startsWith(`${API}/`) ? entry.path.slice(API.length) : undefined;
    if (path === undefined) continue;
    (paths[path] ??= {})[entry.route.method.toLowerCase()] = operation(entry, path);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Rackwatt', version, description: 'Routes of the bundles that run on this node now.' },
    servers: [{ url: API }],
    paths,
    components: { schemas: { Problem: PROBLEM_SCHEMA }, responses: { Problem: PROBLEM_RESPONSE } },
  };
}

function operation({ route }: Entry, path: string): object {
  const words = path.split(/[^\w]+/).filter(Boolean);
  return {
    operationId: [route.method.toLowerCase(), ...words].join('-'),
    summary: route.summary,
    ...(route.tags && { tags: route.tags }),
    parameters: [...pathParameters(path), ...queryParameters(route.query)],
    ...(route.body && { requestBody: { required: true, content: { 'application/json': { schema: route.body } } } }),
    responses: {
      '200': {
        description: 'OK',
        ...(route.response && { content: { 'application/json': { schema: route.response } } }),
      },
      default: { $ref: '#/components/responses/Problem' },
    },
  };
}

function pathParameters(path: string): object[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(schema: object | undefined): object[] {
  const { properties = {}, required = [] } = (schema ?? {}) as {
    properties?: Record<string, { description?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    ...(property.description && { description: property.description }),
    schema: property,
  }));
}

const PROBLEM_SCHEMA = {
  type: 'object',
  description: 'RFC 9457',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'One sentence: what is wrong and what to do' },
    code: { type: 'string', description: 'For programs; stable' },
    errors: { type: 'array', items: { type: 'object' } },
  },
};

const PROBLEM_RESPONSE = {
  description: 'A problem',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
