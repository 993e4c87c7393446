import { SnmpAgent, type SnmpAgentOptions } from '../agent.js';
import { ErrorStatus } from '../snmp/pdu.js';
import type { WriteHandler } from '../snmp/requests.js';
import { commandOf } from '../switching.js';
import { apcRpdu2 } from './apc-rpdu2.js';
import { eatonEpdu } from './eaton-epdu.js';
import { type Family, present } from './family.js';
import { GeneratedPdu, type OutletMemory, type PduOptions } from './pdu.js';
import { hash } from './random.js';
import { raritanPx } from './raritan-px.js';

export const FAMILIES = {
  'apc-rpdu2': apcRpdu2,
  'raritan-px': raritanPx,
  'eaton-epdu': eatonEpdu,
} as const satisfies Record<string, Family>;

export type FamilyName = keyof typeof FAMILIES;

export interface GeneratedAgentOptions extends Omit<SnmpAgentOptions, 'write'>, PduOptions {
  family: FamilyName;
  /** Seconds since 1970; the system's clock unless given. */
  now?: () => number;
  /** Called after each switching with how the outlets are now. */
  switched?: (memory: OutletMemory[]) => void;
}

export interface GeneratedAgent {
  agent: SnmpAgent;
  pdu: GeneratedPdu;
  serial: string;
}

/** An agent, not yet started, that answers as a PDU of the family would. */
export function generatedAgent(options: GeneratedAgentOptions): GeneratedAgent {
  const { family: name, now = () => Date.now() / 1000, switched } = options;
  const family = FAMILIES[name];
  const pdu = new GeneratedPdu(options, now());
  const serial = family.serial(hash(`${name}/${options.seed}`).toString(10).padStart(10, '0'));
  const agent = new SnmpAgent({
    engine: `${name}/${serial}`,
    ...options,
    write: switching(family, pdu, now, switched),
  });
  present(family, pdu, serial, agent.table, now);
  return { agent, pdu, serial };
}

function switching(
  family: Family,
  pdu: GeneratedPdu,
  now: () => number,
  switched: GeneratedAgentOptions['switched'],
): WriteHandler {
  const outlets = new Map(pdu.outlets.map(({ number }) => [`.${family.index.outlet(number)}`, number]));
  return (oid, value) => {
    const asked = commandOf(oid, value);
    if ('error' in asked) return asked;
    const outlet = outlets.get(asked.index);
    if (!oid.startsWith(`${family.base}.`) || outlet === undefined) return { error: ErrorStatus.noCreation };
    return {
      commit() {
        if (asked.effect === 'none') return;
        pdu.switch(outlet, asked.effect, now());
        switched?.(pdu.memory(now()));
      },
    };
  };
}
