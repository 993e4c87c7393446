import type { Route, RouteRequest } from '@rackwatt/http/contract';
import { RackwattError } from 'rackwatt';
import { Type } from 'typebox';
import { valueView } from './current.js';
import { seriesView } from './reduce.js';
import { type Services, STORE_STATUSES, storeOf, withStatus } from './services.js';
import type { ValueList } from './views.js';

const HOUR = 3_600_000;
const SERIES_LIMIT = 2_000;
const EVENTS_LIMIT = 200;

const Time = (description: string) =>
  Type.Optional(Type.String({ description: `${description}: ms since 1970, or ISO 8601` }));
const Device = Type.Optional(Type.String({ description: 'Id of a device' }));
const tags = ['values'];

export function valueRoutes(services: Services): Route[] {
  return [
    {
      method: 'GET',
      path: '/latest',
      summary: 'Latest values of a device, or of all',
      tags,
      query: Type.Object({ device: Device }, { additionalProperties: false }),
      handle: async ({ query }) => {
        const device = text(query, 'device');
        const values = await asked(storeOf(services).latest(device === undefined ? {} : { device }));
        return { json: { time: Date.now(), values: values.map(valueView) } satisfies ValueList };
      },
    },
    {
      method: 'GET',
      path: '/series',
      summary: 'One point over time, by default the last hour; reduced to least and greatest where there is too much',
      tags,
      query: Type.Object(
        {
          point: Type.Integer({ description: 'Point id, from the latest values' }),
          from: Time('Begin'),
          to: Time('End'),
          limit: Type.Optional(
            Type.Integer({ minimum: 10, maximum: 100_000, description: `Readings at most; ${SERIES_LIMIT}` }),
          ),
        },
        { additionalProperties: false },
      ),
      handle: async ({ query }) => {
        const to = time(query, 'to') ?? Date.now();
        const from = time(query, 'from') ?? to - HOUR;
        if (from > to) throw badTime(`"from" is after "to".`);
        const series = await asked(storeOf(services).series({ point: Number(query['point']), from, to }));
        return { json: seriesView(series, from, to, Number(query['limit'] ?? SERIES_LIMIT)) };
      },
    },
    {
      method: 'GET',
      path: '/gaps',
      summary: 'Reads that were due and gave no sample, and the due numbers that are stored',
      tags,
      query: Type.Object(
        { device: Type.String(), from: Time('Begin'), to: Time('End') },
        { additionalProperties: false },
      ),
      handle: async ({ query }) => {
        const device = text(query, 'device')!;
        const store = storeOf(services);
        const [gaps, stored] = await asked(
          Promise.all([store.gaps({ device, ...range(query) }), store.numbers(device)]),
        );
        return { json: { time: Date.now(), gaps, stored } };
      },
    },
    {
      method: 'GET',
      path: '/events',
      summary: 'What happened, newest last',
      tags,
      query: Type.Object(
        {
          device: Device,
          from: Time('Begin'),
          to: Time('End'),
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000 })),
        },
        { additionalProperties: false },
      ),
      handle: async ({ query }) => {
        const device = text(query, 'device');
        const limit = Number(query['limit'] ?? EVENTS_LIMIT);
        const wanted = { ...range(query), ...(device !== undefined && { device }), limit };
        const events = await asked(storeOf(services).events(wanted));
        return { json: { time: Date.now(), events } };
      },
    },
  ];
}

const asked = <T>(work: Promise<T>) => withStatus(STORE_STATUSES, work);

type Query = RouteRequest['query'];

export function text(query: Query, name: string): string | undefined {
  const value = query[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

function range(query: Query): { from?: number; to?: number } {
  const [from, to] = [time(query, 'from'), time(query, 'to')];
  return { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function time(query: Query, name: string): number | undefined {
  const value = text(query, name);
  if (value === undefined) return undefined;
  const parsed = /^\d{1,15}$/.test(value) ? Number(value) : Date.parse(value);
  if (Number.isNaN(parsed)) throw badTime(`"${name}" is no time; write ms since 1970, or ISO 8601.`);
  return parsed;
}

function badTime(sentence: string): RackwattError {
  return new RackwattError('TIME_INVALID', sentence, { context: { status: 400 } });
}
