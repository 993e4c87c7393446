import type { DiscoveredDevice } from '@rackwatt/telemetry';
import { errorMessage, RackwattError } from 'rackwatt';
import { parseAddress } from '../address.js';
import type { Security } from '../credentials.js';
import type { AgentGates } from '../gate.js';
import { SnmpLink } from '../link.js';
import { type ProfileChoice, systemOf } from '../recognise.js';
import { Door, type Tries } from './door.js';
import { identify } from './identify.js';
import { makerOf } from './makers.js';
import type { Place } from './ranges.js';

/** What a host turned out to be: devices, or nothing to be asked, and why. */
export type Looked = DiscoveredDevice[] | 'silent' | 'closed' | 'unreachable';

/** A device that answers slowly is walked through for so long, ms. */
const IDENTIFY_TIME = 60_000;

/** With what hosts are looked at. */
export interface Means {
  /** Credentials, in the order in which they are tried. */
  sets: readonly Security[];
  choice: ProfileChoice;
  tries: Tries;
  /** Those of the driver, where devices are polled at the same time. */
  gates?: AgentGates | undefined;
}

/** An agent that lets somebody in, and with what. */
interface Entered {
  index: number;
  link: SnmpLink;
}

/**
 * Looks at one host: tries the credentials in their order, and asks whom it lets in who it is.
 * Nothing is sent any more when `signal` aborts.
 */
export async function look(place: Place, means: Means, signal: AbortSignal): Promise<Looked> {
  const { sets, choice, tries } = means;
  const door = await Door.open(place, tries);
  const leave = (): void => door.close();
  signal.addEventListener('abort', leave, { once: true });
  const address = addressOf(place);
  let entered: Entered | undefined;
  try {
    // Asked beside the first community, so that a silent host costs one wait.
    const engine = door.engine();
    const refusals: RackwattError[] = [];
    for (const [index, security] of sets.entries()) {
      if (security.version !== 3) {
        if (await door.takes(security.version, security.community))
          entered = { index, link: linkOf(address, security, means) };
      } else if (await engine) {
        const outcome = await enter(linkOf(address, security, means), tries, signal);
        if (outcome instanceof SnmpLink) entered = { index, link: outcome };
        else refusals.push(outcome);
      }
      if (entered || door.outcome || signal.aborted) break;
    }
    const told = entered ? undefined : await engine;
    if (entered) return await describe(address, entered, choice, signal);
    if (!told) return door.outcome ?? 'silent';
    return [
      {
        address,
        state: 'refused',
        identity: makerOf(told.enterprise, choice.profiles),
        detail: refusalOf(place, sets, refusals),
      },
    ];
  } finally {
    signal.removeEventListener('abort', leave);
    door.close();
    entered?.link.close();
  }
}

function linkOf(address: string, security: Security, { tries: { timeout, retries }, gates }: Means): SnmpLink {
  return new SnmpLink(parseAddress(address), security, { timeout, retries, ...(gates && { gates }) });
}

/** @returns the link when the user is taken, else why not */
async function enter(
  link: SnmpLink,
  { timeout, retries }: Tries,
  signal: AbortSignal,
): Promise<SnmpLink | RackwattError> {
  // Engine, time and request: a round trip each.
  const deadline = performance.now() + 3 * timeout * (retries + 1);
  try {
    await closedBy(signal, link, () => systemOf(link, deadline));
    return link;
  } catch (error) {
    link.close();
    if (error instanceof RackwattError) return error;
    throw error;
  }
}

async function describe(
  address: string,
  { index, link }: Entered,
  choice: ProfileChoice,
  signal: AbortSignal,
): Promise<DiscoveredDevice[]> {
  const deadline = performance.now() + IDENTIFY_TIME;
  try {
    const units = await closedBy(signal, link, () => identify(link, choice, deadline));
    return units.map(({ unit, identity }) => ({
      address: unit === undefined || units.length === 1 ? address : `${address}/${unit}`,
      state: 'recognised',
      credentials: index,
      identity,
    }));
  } catch (error) {
    if (!(error instanceof RackwattError)) throw error;
    const { sysObjectId, sysDescr } = error.context;
    return [
      {
        address,
        state: error.code === 'DEVICE_REFUSED' || error.code === 'SNMP_STATUS' ? 'refused' : 'unknown',
        credentials: index,
        identity: {},
        ...(typeof sysObjectId === 'string' ? { sysObjectId } : {}),
        ...(typeof sysDescr === 'string' ? { sysDescr } : {}),
        detail: errorMessage(error),
      },
    ];
  }
}

async function closedBy<T>(signal: AbortSignal, link: SnmpLink, work: () => Promise<T>): Promise<T> {
  const close = (): void => link.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    return await work();
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/** What the device itself said of a user before what can only be concluded. */
function refusalOf({ host, port }: Place, sets: readonly Security[], refusals: readonly RackwattError[]): string {
  const told = refusals.find(({ code }) => code !== 'DEVICE_NO_ANSWER') ?? refusals[0];
  if (told) return told.message;
  const tried = sets.every(({ version }) => version !== 3) ? 'none of the communities' : 'none of the credentials';
  return `${host}:${port} has an SNMPv3 engine but takes ${tried}: add a user of SNMPv3 or the right community.`;
}

/** As configuration writes it: without the port that goes without saying. */
export function addressOf({ host, port }: Place): string {
  return `snmp://${host.includes(':') ? `[${host}]` : host}${port === 161 ? '' : `:${port}`}`;
}
