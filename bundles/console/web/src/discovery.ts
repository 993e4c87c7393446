import { signal } from '@preact/signals';
import { call, editConfiguration, get, readConfiguration, sentence } from './api.js';
import type { ConfigurationEdit, DiscoveryAnswer, DiscoveryView, FoundView } from './node.js';

const PID = 'rackwatt.device';
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const WHILE_RUNNING = 1_000;

/** What a discovery is asked for. */
export interface Wanted {
  ranges: string[];
  exclude: string[];
  secrets: string[];
  standard: boolean;
}

/** Undefined before the first answer; null before the first discovery. */
export const discovery = signal<DiscoveryView | null | undefined>(undefined);
/** Whether this node can look for devices. */
export const canDiscover = signal(false);
export const trouble = signal<string | undefined>(undefined);

/** Whether a discovery is under way. */
export const isRunning = () => discovery.value?.state === 'running';

export async function look(): Promise<void> {
  try {
    const answer = await get<DiscoveryAnswer>('/discoveries');
    canDiscover.value = answer.available;
    discovery.value = answer.discovery;
    trouble.value = undefined;
  } catch (error) {
    trouble.value = sentence(error);
  }
}

/** Looks again and again while one runs and the page is seen. @returns ends it */
export function followDiscovery(): () => void {
  void look();
  const timer = setInterval(() => {
    if (isRunning() && !document.hidden) void look();
  }, WHILE_RUNNING);
  return () => clearInterval(timer);
}

export async function start({ exclude, ...wanted }: Wanted): Promise<void> {
  await call('POST', '/discoveries', { ...wanted, ...(exclude.length > 0 && { exclude }) });
  await look();
}

export async function cancel(id: string): Promise<void> {
  await call('DELETE', `/discoveries/${encodeURIComponent(id)}`);
  await look();
}

export interface Chosen {
  device: FoundView;
  /** As the user wants it called. */
  name: string;
}

/** Adds devices, all or none. @returns what is wrong, in sentences */
export async function add(chosen: readonly Chosen[]): Promise<string[]> {
  const { document, revision } = await readConfiguration();
  // An edit in the name of a device that is there would put another in its place.
  const taken = new Set(Object.keys(document.configurations ?? {}));
  const wrong = chosen.flatMap(({ name }) => {
    const pid = `${PID}~${name}`;
    if (!NAME.test(name)) return [`“${name}” is no name: use letters, digits, dots, dashes and underscores.`];
    if (taken.has(pid)) return [`There is another device called “${name}”.`];
    taken.add(pid);
    return [];
  });
  if (wrong.length > 0) return wrong;
  const edits = chosen.map(({ device: { address, identity, credentialsSecret }, name }) => ({
    path: ['configurations', `${PID}~${name}`],
    value: {
      address,
      ...(identity.profile === undefined ? {} : { profile: identity.profile }),
      ...(credentialsSecret === null ? {} : { credentials: { $secret: credentialsSecret } }),
    },
  }));
  return change(edits, revision);
}

/** Lets configured devices be read where they answer now, all or none. @returns what is wrong, in sentences */
export async function follow(moved: readonly FoundView[]): Promise<string[]> {
  const { revision } = await readConfiguration();
  return change(
    moved.map(({ name, address }) => ({ path: ['configurations', `${PID}~${name}`, 'address'], value: address })),
    revision,
  );
}

async function change(edits: ConfigurationEdit[], revision: string): Promise<string[]> {
  const { applied, problems } = await editConfiguration(edits, revision);
  if (!applied) return problems.map(({ message }) => message);
  await look();
  return [];
}
