import { contract, type RackwattError } from 'rackwatt';
import { ServiceRegistry, type ServiceEvent, type ServiceOwner } from '../support/registry.js';

export interface Meter {
  read(): number;
}
export const Meter = contract<Meter>('test/Meter', { major: 1 });
export const Switch = contract<{ on(): void }>('test/Switch', { major: 1 });

export const alice: ServiceOwner = { id: 1, name: 'alice' };
export const bob: ServiceOwner = { id: 2, name: 'bob' };

export const meter = (value = 1): Meter => ({ read: () => value });

export interface Reported {
  owner: ServiceOwner;
  error: RackwattError;
}

/** A registry that collects what it reports. */
export function newRegistry() {
  const reported: Reported[] = [];
  const registry = new ServiceRegistry({ onError: (owner, error) => reported.push({ owner, error }) });
  return { registry, reported };
}

/** A listener that writes down `TYPE id` of every event. */
export function recorder() {
  const events: string[] = [];
  const listener = (event: ServiceEvent) => void events.push(`${event.type} ${event.reference.id}`);
  return { events, listener };
}

export const code = (expected: string) => (error: unknown) => (error as RackwattError).code === expected;
