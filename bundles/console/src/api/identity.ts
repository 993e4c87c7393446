import type { Route } from '@rackwatt/http/contract';
import { type Static, Type } from 'typebox';
import { devicesOf, type Services, withStatus } from './services.js';
import { text } from './values.js';
import type { IdentityList } from './views.js';

const tags = ['devices'];
const STATUSES = { DEVICE_UNKNOWN: 404, DEVICE_NO_QUESTION: 409, DEVICE_IDENTITY_TAKEN: 409 };
const Answer = Type.Object(
  {
    answer: Type.Union([Type.Literal('replaced'), Type.Literal('same')], {
      description: 'replaced: another unit, whose history begins; same: the same one, whose history goes on',
    }),
  },
  { additionalProperties: false },
);

/** Who the devices of this node are, and what is asked about it. */
export function identityRoutes(services: Services): Route[] {
  return [
    {
      method: 'GET',
      path: '/identities',
      summary: 'Who the devices of this node are, and what is asked where another unit answers than before',
      tags,
      query: Type.Object({ device: Type.Optional(Type.String()) }, { additionalProperties: false }),
      handle: async ({ query }) => {
        const wanted = text(query, 'device');
        const known = await devicesOf(services).identities();
        const identities = known.filter(({ device }) => wanted === undefined || device === wanted);
        return { json: { identities } satisfies IdentityList };
      },
    },
    {
      method: 'POST',
      path: '/identities/{device}',
      summary: 'Says what it means that another unit answers than before',
      tags,
      body: Answer,
      handle: async ({ params, body }) => {
        const { answer } = body as Static<typeof Answer>;
        await withStatus(STATUSES, devicesOf(services).acceptIdentity(params['device']!, answer));
        return { json: { accepted: answer } };
      },
    },
  ];
}
