import type { Route } from '@rackwatt/http/contract';
import type { AdminMethod } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { withStatus } from './services.js';

/** Methods of the agent of remote administration, as the command calls them. */
export interface ConsentMethods {
  status: AdminMethod;
  enable: AdminMethod;
  disable: AdminMethod;
  entries: AdminMethod;
}

const tags = ['remote administration'];
/** There are no accounts yet: whoever reaches the node's own port. */
const actor = 'the page';

const Capabilities = Type.Array(
  Type.Union([Type.Literal('monitor'), Type.Literal('configure'), Type.Literal('update')]),
  {
    uniqueItems: true,
  },
);
const Grant = Type.Object(
  {
    capabilities: Capabilities,
    center: Type.Optional(Type.String({ maxLength: 300 })),
    fingerprint: Type.Optional(Type.String({ maxLength: 200 })),
  },
  { additionalProperties: false },
);
const Withdrawal = Type.Object({ capabilities: Capabilities }, { additionalProperties: false });

const STATUSES = { USAGE: 400, CONFIG_INVALID: 400 };

/** What the administrator at this gateway lets a center do. */
export function consentRoutes({ status, enable, disable, entries }: ConsentMethods): Route[] {
  return [
    {
      method: 'GET',
      path: '/remote-admin',
      summary: 'What a center may do here, how the link to it is, and who did what',
      tags,
      handle: async () => {
        const [state, all] = await Promise.all([status.call({}), entries.call({})]);
        return { json: { time: Date.now(), status: state, log: (all as unknown[]).slice(-100).reverse() } };
      },
    },
    {
      method: 'POST',
      path: '/remote-admin/grants',
      summary: 'Lets a center do more here',
      tags,
      body: Grant,
      handle: async ({ body }) => ({
        json: await withStatus(STATUSES, enable.call({ ...(body as Static<typeof Grant>), actor })),
      }),
    },
    {
      method: 'POST',
      path: '/remote-admin/withdrawals',
      summary: 'Takes back what a center may do, all of it unless capabilities are named; it ends at once',
      tags,
      body: Withdrawal,
      handle: async ({ body }) => ({
        json: await withStatus(STATUSES, disable.call({ ...(body as Static<typeof Withdrawal>), actor })),
      }),
    },
  ];
}
