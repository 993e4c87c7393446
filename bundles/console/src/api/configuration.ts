import type { Route } from '@rackwatt/http/contract';
import { type ConfigurationEdit, type ConfigurationOutcome, RackwattError } from 'rackwatt';
import { Type } from 'typebox';
import { REDACTED, redacted } from './redaction.js';
import { type Services, withStatus } from './services.js';

const Edits = Type.Array(
  Type.Object(
    {
      path: Type.Array(Type.Union([Type.String({ minLength: 1 }), Type.Integer({ minimum: 0 })]), {
        minItems: 2,
        maxItems: 20,
      }),
      value: Type.Optional(Type.Unknown({ description: 'Absent removes' })),
    },
    { additionalProperties: false },
  ),
  { minItems: 1, maxItems: 5_000 },
);

const STATUSES = {
  CONFIG_CHANGED_MEANWHILE: 409,
  CONFIG_INVALID: 422,
  CONFIG_NOT_APPLIED: 422,
  SECRET_NAME: 422,
  SECRET_VALUE: 422,
  SECRET_MISSING: 422,
  SECRET_IN_USE: 409,
};

const FORBIDDEN_KEYS = new Set<string | number>(['__proto__', 'constructor', 'prototype']);

const tags = ['configuration'];

export function configurationRoutes({ configuration }: Services): Route[] {
  return [
    {
      method: 'GET',
      path: '/configuration',
      summary: 'The configuration file; secrets are references, those written in clear are left out',
      tags,
      handle: async () => {
        const { document, revision } = await configuration.read();
        return { json: { document: redacted(document), revision } };
      },
    },
    {
      method: 'GET',
      path: '/configuration/schemas',
      summary: 'JSON Schema of every PID',
      tags,
      handle: async () => ({ json: { schemas: await configuration.schemas() } }),
    },
    {
      method: 'POST',
      path: '/configuration/validate',
      summary: 'What a change would say, without making it',
      tags,
      body: Type.Object({ edits: Edits }, { additionalProperties: false }),
      handle: async ({ body }) => {
        const { edits } = body as { edits: ConfigurationEdit[] };
        return { json: await withStatus(STATUSES, configuration.validate(checked(edits))) };
      },
    },
    {
      method: 'PATCH',
      path: '/configuration',
      summary:
        'Makes all changes or none; 409 when the file is no longer the one of `revision`, 422 when they do not apply',
      tags,
      body: Type.Object({ edits: Edits, revision: Type.Optional(Type.String()) }, { additionalProperties: false }),
      handle: async ({ body }) => {
        const { edits, revision } = body as { edits: ConfigurationEdit[]; revision?: string };
        const work = configuration.edit(checked(edits), revision === undefined ? {} : { revision });
        const outcome: ConfigurationOutcome = await withStatus(STATUSES, work);
        return { status: outcome.applied ? 200 : 422, json: outcome };
      },
    },
    {
      method: 'GET',
      path: '/secrets',
      summary: 'Names of the stored secrets',
      tags,
      handle: async () => ({ json: { secrets: await configuration.secrets() } }),
    },
    {
      method: 'PUT',
      path: '/secrets/{name}',
      summary: 'Stores a secret; it is never given back',
      tags,
      body: Type.Object({ value: Type.String({ minLength: 1, maxLength: 10_000 }) }, { additionalProperties: false }),
      handle: async ({ params, body }) => {
        await withStatus(STATUSES, configuration.setSecret(params['name']!, (body as { value: string }).value));
        return { json: { stored: params['name'] } };
      },
    },
    {
      method: 'DELETE',
      path: '/secrets/{name}',
      summary: 'Removes a secret that no configuration refers to',
      tags,
      handle: async ({ params }) => {
        await withStatus(STATUSES, configuration.removeSecret(params['name']!));
        return { json: { removed: params['name'] } };
      },
    },
  ];
}

/** What runs on the node (bundles, framework, trust) is not changed over HTTP while there are no accounts. */
function checked(edits: readonly ConfigurationEdit[]): readonly ConfigurationEdit[] {
  for (const { path, value } of edits) {
    if (JSON.stringify(value)?.includes(JSON.stringify(REDACTED))) {
      throw new RackwattError(
        'SECRET_VALUE',
        `"${REDACTED}" stands for a secret that is not shown; leave "${path.join('.')}" as it is.`,
        {
          context: { status: 422 },
        },
      );
    }
    if (path[0] === 'configurations' && !path.some((key) => FORBIDDEN_KEYS.has(key))) continue;
    throw new RackwattError(
      'CONFIG_NOT_HERE',
      `Only values below "configurations" are changed here, not "${path.join('.')}".`,
      {
        context: { status: 403 },
      },
    );
  }
  return edits;
}
