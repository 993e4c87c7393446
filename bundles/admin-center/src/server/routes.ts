import type { Report } from '@rackwatt/fleet';
import { report, signedTime } from '@rackwatt/fleet';
import { RackwattError } from 'rackwatt';
import type { ArtifactStore } from '../artifacts.js';
import type { Authority } from '../authority/authority.js';
import type { Changes } from '../changes.js';
import type { Enrolling } from '../enrolling.js';
import { centerError } from '../errors.js';
import type { Ordering } from '../ordering.js';
import type { Presence } from '../presence.js';
import type { State } from '../state/state.js';
import { bodyOf, type Answer } from './exchange.js';
import type { Call, GatewayRoute } from './server.js';

/** s that one may wait for an order. */
const LONGEST_WAIT = 60;
/** s by which a sequence may be ahead of the clock: they follow the seconds since 1970, and a gateway must not drive them to their end. */
const AHEAD = 366 * 24 * 3600;
const DOWNLOADS = 4;

const OFTEN = { burst: 60, perSecond: 2 };
const SELDOM = { burst: 10, perSecond: 0.2 };

export interface RouteParts {
  authority: Authority;
  state: State;
  enrolling: Enrolling;
  ordering: Ordering;
  artifacts: ArtifactStore;
  presence: Presence;
  changes: Changes;
}

/** What the port of the gateways serves. */
export function gatewayRoutes(parts: RouteParts): GatewayRoute[] {
  const { authority, state, enrolling, ordering, artifacts, presence, changes } = parts;
  const downloads = new Map<string, number>();

  /** Waits for an order that the gateway does not know. */
  async function desired(call: Call, gateway: string): Promise<Answer> {
    const known = knownSequence(call);
    const end = performance.now() + waitOf(call) * 1000;
    const over = presence.waits(gateway);
    try {
      for (;;) {
        const seen = changes.version(gateway);
        const order = await ordering.signed(gateway, Date.now());
        if (known !== undefined && known > (order?.sequence ?? 0)) {
          await ahead(gateway, known, call.now);
          throw centerError(
            'FLEET_SEQUENCE_AHEAD',
            `you have taken the order ${known}, and this center knows none after ${order?.sequence ?? 0}: it was restored from a copy; it will set your desired state anew`,
          );
        }
        if (order && order.sequence !== known)
          return {
            status: 200,
            headers: { etag: `"${order.sequence}"` },
            text: order.token,
            type: 'application/jose',
          };
        const left = end - performance.now();
        if (left > 0 && !call.signal.aborted) await changes.wait(gateway, seen, left, call.signal);
        else if (order) return { status: 304, headers: { etag: `"${order.sequence}"` }, empty: true };
        else throw centerError('FLEET_DESIRED_NONE', 'nobody said yet what this gateway shall run');
      }
    } finally {
      over();
    }
  }

  async function ahead(gateway: string, sequence: number, now: number): Promise<void> {
    const row = await state.gateways.get(gateway);
    if (!row || row.reached >= sequence) return;
    await state.gateways.reached(gateway, sequence);
    await state.audit.note({ actor: `gateway:${gateway}`, now }, 'desired.ahead', gateway, `it knows ${sequence}`);
    changes.touch(gateway);
  }

  async function reported(call: Call, gateway: string): Promise<Answer> {
    const said: Report = report.parse(await bodyOf(call.request));
    checkSequence(said.desired?.sequence, call.now);
    presence.spoke(gateway);
    if (await state.gateways.report(gateway, said, call.now)) changes.touch(gateway);
    return { status: 204, empty: true };
  }

  async function artifact({ params, signal }: Call, gateway: string): Promise<Answer> {
    const sha256 = params['sha256']!;
    // One that this gateway shall not have is, for it, none.
    if (!(await ordering.isDesired(gateway, sha256)))
      throw centerError('FLEET_ARTIFACT_UNKNOWN', 'this gateway shall not run an archive with that digest');
    const count = downloads.get(gateway) ?? 0;
    if (count >= DOWNLOADS) throw centerError('FLEET_BUSY', `${DOWNLOADS} downloads of this gateway are under way`);
    const file = await artifacts.file(sha256);
    presence.spoke(gateway);
    downloads.set(gateway, count + 1);
    signal.addEventListener('abort', () => {
      const left = (downloads.get(gateway) ?? 1) - 1;
      if (left > 0) downloads.set(gateway, left);
      else downloads.delete(gateway);
    });
    return { status: 200, file };
  }

  return [
    {
      method: 'GET',
      path: '/authority',
      rate: OFTEN,
      who: 'anybody',
      handle: async () => ({ status: 200, json: authority.published() }),
    },
    {
      method: 'GET',
      path: '/time',
      rate: OFTEN,
      who: 'anybody',
      handle: async ({ query }) => {
        const time = signedTime.check({ type: 'time', nonce: query.get('nonce') ?? '', time: Date.now() });
        return { status: 200, text: await authority.sign(time), type: 'application/jose' };
      },
    },
    {
      method: 'POST',
      path: '/enrolments',
      rate: SELDOM,
      who: 'anybody',
      handle: async ({ request, source, now }) => ({
        status: 202,
        json: await enrolling.request(await bodyOf(request), source, now),
      }),
    },
    {
      method: 'GET',
      path: '/enrolments/{id}',
      rate: OFTEN,
      who: 'anybody',
      handle: async ({ params, request, now }) => {
        const json = await enrolling.status(params['id']!, request.headers.authorization, now);
        if ('gateway' in json) return { status: 200, json };
        return { status: 202, headers: { 'retry-after': String(json.retryAfter) }, json };
      },
    },
    { method: 'GET', path: '/desired', rate: OFTEN, who: 'gateway', handle: (call, { id }) => desired(call, id) },
    { method: 'POST', path: '/reports', rate: OFTEN, who: 'gateway', handle: (call, { id }) => reported(call, id) },
    {
      method: 'GET',
      path: '/artifacts/{sha256}',
      rate: OFTEN,
      who: 'gateway',
      handle: (call, { id }) => artifact(call, id),
    },
  ];
}

/** s. */
function waitOf({ query }: Call): number {
  const text = query.get('wait') ?? '0';
  if (!/^\d{1,4}$/.test(text)) throw new RackwattError('FLEET_MESSAGE', '"wait" is a number of seconds');
  return Math.min(Number(text), LONGEST_WAIT);
}

function knownSequence({ request, now }: Call): number | undefined {
  const text = request.headers['if-none-match'];
  if (text === undefined) return undefined;
  const digits = /^"(\d{1,16})"$/.exec(text)?.[1];
  if (digits === undefined) throw new RackwattError('FLEET_MESSAGE', 'If-None-Match is the number of an order, quoted');
  checkSequence(Number(digits), now);
  return Number(digits);
}

function checkSequence(sequence: number | undefined, now: number): void {
  if (sequence !== undefined && sequence > now / 1000 + AHEAD)
    throw new RackwattError('FLEET_MESSAGE', `there is no order ${sequence}, nor will there be one this year`);
}
