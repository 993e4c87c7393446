import { Capability } from '@rackwatt/fleet';
import { RackwattError } from 'rackwatt';
import { Value } from 'typebox/value';
import type { Enabling } from './agent.js';
import { readFingerprint } from './settings.js';

type Given = Record<string, unknown>;

const KNOWN = ['monitor', 'configure', 'update'] as const satisfies readonly Capability[];

/** Capabilities as somebody typed them. @throws `USAGE` */
export function readCapabilities({ capabilities }: Given): Capability[] {
  if (!Array.isArray(capabilities)) throw usage('capabilities are a list');
  return capabilities.map((capability: unknown) => {
    if (Value.Check(Capability, capability)) return capability;
    throw usage(`there is no capability "${String(capability).slice(0, 40)}"; there are ${KNOWN.join(', ')}`);
  });
}

/** @throws `USAGE` */
export function readEnabling(given: Given): Enabling {
  const text = (key: 'center' | 'fingerprint' | 'proxy'): Partial<Enabling> => {
    const value = given[key];
    if (value === undefined) return {};
    if (typeof value !== 'string') throw usage(`"${key}" is a text`);
    return { [key]: key === 'fingerprint' ? readFingerprint(value) : value };
  };
  const capabilities = readCapabilities(given);
  if (capabilities.length === 0) throw usage(`name what is granted: ${KNOWN.join(', ')}`);
  return { capabilities, actor: readWho(given), ...text('center'), ...text('fingerprint'), ...text('proxy') };
}

export function readWho({ actor }: Given): string {
  return typeof actor === 'string' && actor !== '' ? actor.slice(0, 200) : 'somebody at the gateway';
}

function usage(message: string): RackwattError {
  return new RackwattError('USAGE', message);
}
