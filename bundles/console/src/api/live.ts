import type { Route } from '@rackwatt/http/contract';
import { type LatestValue, levelOf } from '@rackwatt/telemetry';
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
      storeOf(services);
      return { events: events(selection, signal) };
    },
  };

  async function* events(selection: Selection, signal: AbortSignal) {
    const wanted = wants(selection);
    // Subscribed before the snapshot is read, so that nothing falls between the two.
    const changes = feed.changes(wanted, signal)[Symbol.asyncIterator]();
    let next = changes.next();
    let id = 0;
    const message = (event: string, values: readonly LatestValue[]) => ({
      event,
      id: String(++id),
      data: { time: Date.now(), values: values.map(valueView) } satisfies ValueList,
    });
    try {
      yield message('snapshot', await snapshot(selection, wanted));
      for (;;) {
        const { value, done } = await next;
        if (done) return;
        next = changes.next();
        if (value !== 'restart') yield message('values', value);
        else if (services.store.service) yield message('snapshot', await snapshot(selection, wanted));
      }
    } finally {
      void changes.return?.();
    }
  }

  async function snapshot(selection: Selection, wanted: Wanted): Promise<LatestValue[]> {
    const store = storeOf(services);
    if (selection.device !== undefined) return (await store.latest({ device: selection.device })).filter(wanted);
    if (selection.level === 'inlet' && selection.metric === 'power.active') {
      return power.values(store, await store.devices(), Date.now());
    }
    return (await store.latest()).filter(wanted);
  }
}

function wants({ device, level, metric }: Selection): Wanted {
  return (value) =>
    (device === undefined || value.device === device) &&
    (metric === undefined || value.metric === metric) &&
    (level === undefined || levelOf(value.part) === level);
}
