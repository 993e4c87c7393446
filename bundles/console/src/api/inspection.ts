import type { Route } from '@rackwatt/http/contract';
import { DEVICE_STATUSES, previewView } from './preview.js';
import { devicesOf, type Services, withStatus } from './services.js';
import type { ExplanationView, InspectionView } from './views.js';

const STATUSES = { ...DEVICE_STATUSES, DEVICE_UNKNOWN: 404 };

/** How the devices of this node are read. */
export function inspectionRoutes(services: Services): Route[] {
  const tags = ['devices'];
  return [
    {
      method: 'GET',
      path: '/devices/{id}/inspection',
      summary: 'The last reads of a device of this node, by its configured name, and values whose scale looks wrong',
      tags,
      handle: async ({ params }) => ({
        json: (await withStatus(STATUSES, devicesOf(services).inspect(params['id']!))) satisfies InspectionView,
      }),
    },
    {
      method: 'POST',
      path: '/devices/{id}/explanation',
      summary:
        'Reads a device of this node once more, and tells of each value where it came from and how it was scaled',
      tags,
      handle: async ({ params }) => {
        const result = await withStatus(STATUSES, devicesOf(services).explain(params['id']!));
        const origins = new Map(result.explain?.map(({ point, ...origin }) => [point, origin]));
        const { readings, ...preview } = previewView(result);
        return {
          json: {
            ...preview,
            time: result.reading.time,
            deviceUpTime: result.upTime ?? null,
            readings: readings.map((reading, i) => ({ ...reading, ...origins.get(result.reading.points[i]!) })),
          } satisfies ExplanationView,
        };
      },
    },
  ];
}
