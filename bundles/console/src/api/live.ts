import type { Route } from '@rackwatt/http/contract';
import { type LatestValue, levelOf, type Store } from '@rackwatt/telemetry';
import type { RackwattError } from 'rackwatt';
import { Type } from 'typebox';
import { valueView } from './current.js';
import type { Feed, Wanted } from './feed.js';
import type { InletPower } from './inlet-power.js';
import { type Services, storeOf } from './services.js';
import { text } from './values.js';
import type { ValueList } from './views.js';

interface Selection {
  device: string | undefined;
  level: string | undefined;
  metric: string | undefined;
}

/**
 * Each stream begins with all that was asked for (`snapshot`), then tells what changes (`values`): whoever comes back after
 * an interruption needs no history to be right again.
 */
export function liveRoute(services: Services, power: InletPower, feed: Feed): Route {
  return {
    method: 'GET',
    path: '/live',
    summary: 'Values as they change, as Server-Sent Events: "snapshot" first, then "values"',
    tags: ['values'],
    query: Type.Object(
      {
        device: Type.Optional(Type.String({ description: 'Id of a device' })),
        level: Type.Optional(Type.String({ description: 'unit, inlet, phase, branch, outlet or sensor' })),
        metric: Type.Optional(Type.String({ description: 'Such as power.active' })),
      },
      { additionalProperties: false },
    ),
    handle: async ({ query, signal }) => {
      const selection = { device: text(query, 'device'), level: text(query, 'level'), metric: text(query, 'metric') };
      const wanted = wants(selection);
      // Subscribed before the snapshot is read, so that nothing falls between the two.
      const changes = feed.changes(wanted, signal)[Symbol.asyncIterator]();
      const next = changes.next();
      try {
        const first = await snapshot(selection, wanted);
        return { events: events({ selection, wanted, changes, next, first }) };
      } catch (error) {
        void changes.return?.();
        throw error;
      }
    },
  };

  async function* events({ selection, wanted, changes, next, first }: Stream) {
    let id = 0;
    const message = (event: string, values: readonly LatestValue[]) => ({
      event,
      id: String(++id),
      data: { time: Date.now(), values: values.map(valueView) } satisfies ValueList,
    });
    try {
      yield message('snapshot', first);
      for (let coming = next; ; ) {
        const { value, done } = await coming;
        if (done) return;
        coming = changes.next();
        if (value !== 'restart') yield message('values', value);
        else if (services.store.service) yield message('snapshot', await snapshot(selection, wanted));
      }
    } finally {
      void changes.return?.();
    }
  }

  async function snapshot(selection: Selection, wanted: Wanted): Promise<LatestValue[]> {
    const store = storeOf(services);
    if (selection.device !== undefined) return (await valuesOf(store, selection.device)).filter(wanted);
    if (selection.level === 'inlet' && selection.metric === 'power.active') {
      return power.values(store, await store.devices(), Date.now());
    }
    return (await store.latest()).filter(wanted);
  }
}

interface Stream {
  selection: Selection;
  wanted: Wanted;
  changes: AsyncIterator<LatestValue[] | 'restart'>;
  next: Promise<IteratorResult<LatestValue[] | 'restart'>>;
  first: LatestValue[];
}

/** A device that is configured and was never read has no values yet. */
async function valuesOf(store: Store, device: string): Promise<LatestValue[]> {
  try {
    return await store.latest({ device });
  } catch (error) {
    if ((error as Partial<RackwattError>).code === 'STORE_DEVICE_UNKNOWN') return [];
    throw error;
  }
}

function wants({ device, level, metric }: Selection): Wanted {
  return (value) =>
    (device === undefined || value.device === device) &&
    (metric === undefined || value.metric === metric) &&
    (level === undefined || levelOf(value.part) === level);
}
