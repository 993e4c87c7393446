import type { TestContext } from 'node:test';
import type { Bound, BoundEvent, Live, LiveSet, Properties, ReferenceDescription, ServiceRegistration } from 'rackwatt';
import { rackwatt, TestContainer } from '../support/container.js';
import type { Described, Style } from './styles.js';

/** What references are shown with: a service of its own name, and of any bundle. */
export interface Meter {
  name: string;
}

export const Meter = rackwatt.contract<Meter>('test/Meter', { major: 1, local: true });

const OUTSIDE = { id: 900, name: 'outside' };

/** A container, and somebody outside who registers meters in it. */
export function meters(t: TestContext) {
  const c = new TestContainer(t);
  const register = (name: string, properties: Properties = {}): ServiceRegistration<Meter> =>
    c.framework.registry.register(OUTSIDE, Meter, { name }, properties);
  return { c, register, registry: c.framework.registry, owner: OUTSIDE };
}

export const ranked = (ranking: number): Properties => ({ 'service.ranking': ranking });

type AnyReference = ReferenceDescription<unknown, Meter>;

/**
 * A component with the reference `meter` that writes down what happens to it, with the names of the meters: `+a` bound, `~a` updated,
 * `-a` unbound, `up a` with what the reference gave then, `down` with the reason.
 */
export function hub(
  style: Style,
  meter: AnyReference,
  seen: string[],
  extra: Partial<Described<{ meter: AnyReference }>> = {},
): Described {
  const tell = (sign: string) => (event: BoundEvent<Meter>) => void seen.push(`${sign}${event.service.name}`);
  return style.component({
    name: 'hub',
    references: { meter },
    bind: { meter: tell('+') },
    updated: { meter: tell('~') },
    unbind: { meter: tell('-') },
    activate: ({ references }) => void seen.push(`up ${namesIn(references.meter)}`),
    deactivate: (_, reason) => void seen.push(`down ${reason}`),
    ...extra,
  });
}

type Given = Meter | undefined | readonly Bound<Meter>[] | Live<Meter> | LiveSet<Meter>;

/** The names of the meters that a reference gave, in its order. */
export function namesIn(value: unknown): string {
  const given = value as Given;
  if (given === undefined) return 'none';
  if (Symbol.iterator in given) return Array.from(given, ({ service }) => service.name).join(',') || 'none';
  if ('onChange' in given) return given.service?.name ?? 'none';
  return given.name;
}
