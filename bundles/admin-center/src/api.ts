import type { Route, RouteRequest } from '@rackwatt/http/contract';
import { RackwattError } from 'rackwatt';
import { type Static, Type } from 'typebox';
import { type Center, deed } from './center.js';
import { Approval, ArtifactInput, DesiredInput, RollbackInput } from './parameters.js';

/** Whoever reaches the node's own port; there are no accounts yet. */
const OPERATOR = 'operator';
const tags = ['fleet'];
const idOf = ({ params }: RouteRequest): string => params['id']!;

/** Routes of `/api/v1/fleet`. */
export function operatorRoutes(center: Center): Route[] {
  const { artifacts, state } = center.parts;
  return [
    {
      method: 'GET',
      path: '/fleet/authority',
      summary: 'Tenant of the center, and the root that gateways are told to trust',
      tags,
      handle: async () => ({ json: center.authority() }),
    },
    {
      method: 'GET',
      path: '/fleet/gateways',
      summary: 'Gateways with their state, presence, and how far they are with what they shall run',
      tags,
      handle: async () => ({ json: { time: Date.now(), gateways: await center.gateways() } }),
    },
    {
      method: 'GET',
      path: '/fleet/gateways/{id}',
      summary: 'One gateway, by id or name, with its last report, its orders and what became of them',
      tags,
      handle: async (request) => ({ json: await center.gateway(idOf(request)) }),
    },
    {
      method: 'PUT',
      path: '/fleet/gateways/{id}/desired',
      summary: 'Sets what a gateway shall run, or tells what would come of it',
      tags,
      body: DesiredInput,
      handle: async (request) => {
        const { isTrial = false, reason = '', ...wanted } = request.body as Static<typeof DesiredInput>;
        return { json: await center.set(idOf(request), { ...wanted, reason }, OPERATOR, isTrial) };
      },
    },
    {
      method: 'POST',
      path: '/fleet/gateways/{id}/rollback',
      summary: 'Sets what a gateway was to run before, or tells what would come of it',
      tags,
      body: RollbackInput,
      handle: async (request) => {
        const { isTrial = false, reason = '' } = request.body as Static<typeof RollbackInput>;
        return { json: await center.rollBack(idOf(request), reason, OPERATOR, isTrial) };
      },
    },
    {
      method: 'POST',
      path: '/fleet/gateways/{id}/revocation',
      summary: 'Ends it with a gateway: its certificate is of no use from now on',
      tags,
      body: Type.Object({}, { additionalProperties: false }),
      handle: async (request) => {
        await center.revoke(idOf(request), OPERATOR);
        return { json: await center.gateway(idOf(request)) };
      },
    },
    {
      method: 'GET',
      path: '/fleet/enrolments',
      summary: 'Gateways that wait for a person, without their claim codes',
      tags,
      handle: async () => ({ json: { time: Date.now(), enrolments: await center.enrolments() } }),
    },
    {
      method: 'POST',
      path: '/fleet/enrolments/{id}/approval',
      summary: 'Makes a gateway of an enrolment, given the claim code that the gateway shows',
      tags,
      body: Approval,
      handle: async (request) => {
        const { code, name } = request.body as Static<typeof Approval>;
        return { status: 201, json: await center.approve(idOf(request), code, name, OPERATOR) };
      },
    },
    {
      method: 'POST',
      path: '/fleet/enrolments/{id}/denial',
      summary: 'Sends a gateway away that wants to be enrolled',
      tags,
      body: Type.Object({}, { additionalProperties: false }),
      handle: async (request) => {
        await center.deny(idOf(request), OPERATOR);
        return { json: {} };
      },
    },
    {
      method: 'GET',
      path: '/fleet/artifacts',
      summary: 'Archives that gateways can be told to run',
      tags,
      handle: async () => ({ json: { artifacts: await artifacts.list() } }),
    },
    {
      method: 'POST',
      path: '/fleet/artifacts',
      summary: 'Brings an archive of up to 700 KiB; larger ones come by the command',
      tags,
      body: ArtifactInput,
      handle: async ({ body }) => {
        const { content } = body as Static<typeof ArtifactInput>;
        return { status: 201, json: await artifacts.add(Buffer.from(content, 'base64'), deed(OPERATOR)) };
      },
    },
    {
      method: 'GET',
      path: '/fleet/audit',
      summary: 'Who did what, newest first, and whether the chain of records is whole',
      tags,
      query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }),
      handle: async ({ query }) => {
        const limit = Number(query['limit'] ?? 100);
        if (!Number.isInteger(limit))
          throw new RackwattError('HTTP_INPUT_INVALID', '"limit" is a number', { context: { status: 400 } });
        const [records, check] = await Promise.all([state.audit.list(limit), state.audit.check()]);
        return { json: { records, check } };
      },
    },
    {
      method: 'GET',
      path: '/fleet/events',
      summary: 'Gateways and enrolments as they change: events `gateway` and `enrolments`',
      tags,
      handle: async ({ signal }) => ({ events: center.events(signal) }),
    },
  ];
}
