import type { Route } from '@rackwatt/http/contract';
import type { Part } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { Type } from 'typebox';
import { valueView } from './current.js';
import type { InletPower } from './inlet-power.js';
import { knownDevices } from './known-devices.js';
import { preview } from './preview.js';
import { racks } from './racks.js';
import { type Services, storeOf } from './services.js';
import type { DeviceDetail, DeviceList } from './views.js';

const tags = ['devices'];

export function deviceRoutes(services: Services, power: InletPower): Route[] {
  return [
    {
      method: 'GET',
      path: '/devices',
      summary: 'Devices with identity, place, state, age of the last sample and power at the inlets',
      tags,
      handle: async () => {
        const time = Date.now();
        const { views } = await knownDevices(services, power, time);
        return { json: { time, devices: views } satisfies DeviceList };
      },
    },
    {
      method: 'GET',
      path: '/devices/{id}',
      summary: 'One device, by id or configured name, with its parts and latest values',
      tags,
      handle: async ({ params }) => {
        const time = Date.now();
        const { views, past, stored } = await knownDevices(services, power, time);
        // By its configured name too: that is its id until its first sample tells vendor and serial.
        const named = views.filter((device) => device.device === params['id']);
        const view =
          [...views, ...past].find((device) => device.id === params['id']) ??
          (named.length === 1 ? named[0] : undefined);
        if (!view) {
          throw new RackwattError('DEVICE_UNKNOWN', `There is no device "${params['id']}".`, {
            context: { status: 404 },
          });
        }
        const device = stored.get(view.id);
        const parts: Part[] = device?.parts ?? [];
        const values = device ? (await storeOf(services).latest({ device: view.id })).map(valueView) : [];
        return { json: { ...view, time, parts, values } satisfies DeviceDetail };
      },
    },
    {
      method: 'GET',
      path: '/racks',
      summary: 'Power of each rack, added up at the inlets of the devices that are current',
      tags,
      handle: async () => {
        const time = Date.now();
        const { views } = await knownDevices(services, power, time);
        return { json: racks(views, time) };
      },
    },
    {
      method: 'POST',
      path: '/devices/preview',
      summary: 'Reads a device once with settings that are not saved yet',
      tags,
      body: Type.Object({
        address: Type.String({ minLength: 1, maxLength: 500 }),
        profile: Type.Optional(Type.String()),
        pid: Type.Optional(Type.String({ description: 'Configured device whose hidden credentials are meant' })),
        credentials: Type.Optional(Type.Unknown()),
        timeout: Type.Optional(Type.Union([Type.Number(), Type.String()])),
        retries: Type.Optional(Type.Integer({ minimum: 0 })),
      }),
      handle: async ({ body }) => ({ json: await preview(services, body as Record<string, unknown>) }),
    },
  ];
}
