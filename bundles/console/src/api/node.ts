import type { Route } from '@rackwatt/http/contract';
import { Type } from 'typebox';
import type { Services } from './services.js';
import { withStatus } from './services.js';
import { text } from './values.js';

const tags = ['node'];

/** A filter that does not parse is the caller's fault, whatever the registry calls it. */
const FILTER_STATUSES = { FILTER_INVALID: 400, FILTER_SYNTAX: 400, INVALID_FILTER: 400, SERVICE_FILTER: 400 };

export function nodeRoutes({ runtime }: Services): Route[] {
  const list = (path: string, summary: string, read: () => Promise<unknown>): Route => ({
    method: 'GET',
    path,
    summary,
    tags,
    handle: async () => ({ json: await read() }),
  });
  return [
    list('/health', 'Health of the node: every check, and the worst of them', async () => {
      const [node, health] = await Promise.all([runtime.node(), runtime.health()]);
      return { time: Date.now(), node, ...health };
    }),
    list('/bundles', 'Bundles, with the reason where one is not active', async () => ({
      bundles: await runtime.bundles(),
    })),
    list('/components', 'Components, with what is missing where one is not active', async () => ({
      components: await runtime.components(),
    })),
    {
      method: 'GET',
      path: '/services',
      summary: 'Registered services',
      tags,
      query: Type.Object(
        { filter: Type.Optional(Type.String({ description: 'RFC 4515 filter over service properties' })) },
        { additionalProperties: false },
      ),
      handle: async ({ query }) => ({
        json: { services: await withStatus(FILTER_STATUSES, runtime.services(text(query, 'filter'))) },
      }),
    },
  ];
}
