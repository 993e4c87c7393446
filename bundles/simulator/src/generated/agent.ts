import { type Profile, type ProfilePoint, profiles } from '@rackwatt/device-profiles';
import { SnmpAgent, type SnmpAgentOptions } from '../agent.js';
import { simulatorError } from '../errors.js';
import { Faults, type FaultSettings } from '../faults.js';
import { Switching } from '../profile/switching.js';
import { ErrorStatus } from '../snmp/pdu.js';
import { GeneratedDevice } from './device.js';
import { type Layout, layOut } from './layout.js';
import { GeneratedPdu, type OutletMemory, type PduOptions } from './pdu.js';
import { usual } from './usual.js';

export interface GeneratedAgentOptions extends Omit<SnmpAgentOptions, 'write' | 'faults'>, PduOptions {
  /** Name of a profile, for a usual model of its family; or a profile, for one that has all that it describes. */
  family: string | Profile;
  /** PDUs of a chain behind the agent; 1 unless given. */
  units?: number;
  /** Which of the profile's `recognise` it is recognised by, from 0. */
  recognition?: number;
  /** Points that the device does not have. */
  without?: ReadonlySet<ProfilePoint>;
  /** Seconds since 1970; the system's clock unless given. */
  now?: () => number;
  /** Faults from the start. */
  faults?: FaultSettings;
  /** Called after each switching with how the outlets of the first unit are now. */
  switched?: (memory: OutletMemory[]) => void;
}

export interface GeneratedAgent {
  agent: SnmpAgent;
  /** The first unit. */
  pdu: GeneratedPdu;
  pdus: readonly GeneratedPdu[];
  device: GeneratedDevice;
  /** Faults in force; they may be changed while it runs. */
  faults: Faults;
  serial: string;
}

/** Names of the families that PDUs can be generated of: all that have a profile. */
export const families = (): string[] => profiles().map(({ name }) => name);

/**
 * An agent, not yet started, that answers as a PDU of the family would.
 * @throws `SIMULATOR_OPTION_INVALID` when there is no such family
 */
export function generatedAgent(all: GeneratedAgentOptions): GeneratedAgent {
  const { faults: given = {}, ...options } = all;
  const { family, now = () => Date.now() / 1000, switched, units = 1, seed } = options;
  const profile = typeof family === 'string' ? usual(profileOf(family)) : family;
  const pdus = Array.from({ length: units }, (_, i) => {
    const of = i === 0 ? options : { ...options, seed: `${seed}/${i + 1}`, memory: [] };
    return new GeneratedPdu(of, now());
  });
  const device = new GeneratedDevice(layoutFor(profile, pdus[0]!, options), pdus, now);
  const serial = device.serial;
  const agent: SnmpAgent = new SnmpAgent({
    engine: `${profile.name}/${serial}`,
    ...options,
    write: (oid, value) => switching.write(oid, value) ?? { error: ErrorStatus.notWritable },
  });
  device.present(agent.table);
  const switching = new Switching(
    device.layout.base,
    device.switchable(),
    ({ unit, outlet }, effect) => {
      pdus[unit]!.switch(outlet, effect, now());
      switched?.(pdus[0]!.memory(now()));
    },
    (oid) => String(agent.table.value(oid)?.value ?? ''),
  );
  const faults = new Faults({
    agent,
    read: { base: device.layout.base, rows: () => device.layout.readings },
    pdus,
    now,
  });
  faults.set(given);
  return { agent, pdu: pdus[0]!, pdus, device, faults, serial };
}

function profileOf(name: string): Profile {
  const found = profiles().find((profile) => profile.name === name);
  if (found) return found;
  throw simulatorError(
    'SIMULATOR_OPTION_INVALID',
    `There is no family "${name}": it is one of ${families().join(', ')}.`,
  );
}

const layouts = new WeakMap<Profile, Map<string, Layout>>();

/** PDUs of one family and size share their layout. */
function layoutFor(
  profile: Profile,
  pdu: GeneratedPdu,
  { units = 1, recognition = 0, without }: GeneratedAgentOptions,
): Layout {
  const shape = { phases: pdu.phases, branches: pdu.branches, outlets: pdu.outlets.length };
  const options = { shape, units, recognition };
  if (without) return layOut(profile, { ...options, without });
  const known = layouts.get(profile) ?? new Map<string, Layout>();
  layouts.set(profile, known);
  const key = JSON.stringify(options);
  const layout = known.get(key) ?? layOut(profile, options);
  known.set(key, layout);
  return layout;
}
