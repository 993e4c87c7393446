import type { DeviceIdentity } from './device.js';
import type { DiscoveredDevice } from './discovery.js';
import { vendorAndSerial } from './identity.js';

/** A device that is configured: what is known of it, as far as it ever told. */
export interface ConfiguredDevice {
  name: string;
  address: string;
  identity?: DeviceIdentity;
}

/** A found device and what could become of it. */
export interface Proposal extends DiscoveredDevice {
  /** For a new device: a name that nobody has yet. For a configured one: its name. */
  name: string;
  /**
   * `new`: may be added. `configured`: is read at this address. `moved`: is configured at the address `at`, but answers here.
   * `again`: was found at the address `at` as well. `other`: none that can be read.
   */
  standing: 'new' | 'configured' | 'moved' | 'again' | 'other';
  at?: string;
}

const LONGEST_NAME = 60;
/** Names that makers give every device of theirs. */
const FACTORY_NAME =
  /^(apc|pdu|rpdu|epdu|rack pdu|my pdu|pdu name|ups|system|localhost|unknown|unnamed|none|default|n\/a|device|snmp)\d?$/i;

/**
 * What could become of found devices. The order counts: of two that want a name the first one gets it, so that a list that grows at
 * its end changes no proposal made before.
 */
export function proposals(found: readonly DiscoveredDevice[], configured: readonly ConfiguredDevice[]): Proposal[] {
  const taken = new Set(configured.map(({ name }) => name));
  const byAddress = new Map(configured.map((device) => [normalAddress(device.address), device]));
  const byIdentity = new Map<string, ConfiguredDevice>();
  for (const device of configured) {
    const key = keyOf(device.identity);
    if (key !== undefined) byIdentity.set(key, device);
  }
  const met = new Map<string, string>();
  const agents = new Set<string>();
  return found.map((device): Proposal => {
    const address = normalAddress(device.address);
    const agent = address.replace(/^([a-z+.-]+:\/\/[^/]+)\/\d+$/, '$1');
    // An address without a unit is that of the first one behind it.
    const isFirst = !agents.has(agent);
    agents.add(agent);
    const here = byAddress.get(address) ?? (isFirst ? byAddress.get(agent) : undefined);
    if (device.state !== 'recognised')
      return here ? { ...device, name: here.name, standing: 'configured' } : { ...device, name: '', standing: 'other' };
    const key = keyOf(device.identity);
    const before = key === undefined ? undefined : byIdentity.get(key);
    // Whether the unit there is still the one that was read is a question of the node that reads it.
    if (here && (!before || before === here || keyOf(here.identity) === undefined))
      return { ...device, name: here.name, standing: 'configured' };
    if (before) return { ...device, name: before.name, standing: 'moved', at: before.address };
    const first = key === undefined ? undefined : met.get(key);
    if (first !== undefined) return { ...device, name: '', standing: 'again', at: first };
    if (key !== undefined) met.set(key, device.address);
    const name = freeName(device, taken);
    taken.add(name);
    return { ...device, name, standing: 'new' };
  });
}

/** Its own name unless that is the maker's, else model and serial; made unique by the serial, then by a number. */
function freeName(
  { identity: { name, model, vendor, serial }, address }: DiscoveredDevice,
  taken: Set<string>,
): string {
  const own = plainName(name ?? '');
  const isOwn = own !== '' && !FACTORY_NAME.test(name!.trim()) && own !== plainName(model ?? '');
  const made = plainName([model ?? vendor ?? 'pdu', serial ?? hostOf(address)].join('-'));
  const wanted = isOwn ? own : made;
  const withSerial = isOwn && serial ? plainName(`${own.slice(0, LONGEST_NAME - 20)}-${serial.slice(-18)}`) : wanted;
  for (const candidate of [wanted, withSerial]) if (!taken.has(candidate)) return candidate;
  for (let number = 2; ; number++) {
    const candidate = `${wanted.slice(0, LONGEST_NAME - 6)}-${number}`;
    if (!taken.has(candidate)) return candidate;
  }
}

/** Letters, digits, dots, dashes and underscores, as a device's name takes them. */
export function plainName(text: string): string {
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/-{2,}/g, '-')
    .slice(0, LONGEST_NAME)
    .replaceAll(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
}

const hostOf = (address: string): string => address.replace(/^[a-z][a-z0-9+.-]*:\/\//, '');

/** The same place written in the same way: without the port that goes without saying. */
export function normalAddress(address: string): string {
  return address
    .trim()
    .toLowerCase()
    .replace(/^(snmp:\/\/(?:\[[^\]]*\]|[^/:]+)):161(?=\/|$)/, '$1')
    .replace(/\/$/, '');
}

function keyOf(identity: DeviceIdentity | undefined): string | undefined {
  const both = identity && vendorAndSerial(identity);
  return both && JSON.stringify(both);
}
