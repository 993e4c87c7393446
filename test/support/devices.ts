import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** Folder of recordings of real devices: `RACKWATT_DEVICES`, or `../shared/devices` beside the checkout. */
export const devicesFolder = process.env['RACKWATT_DEVICES'] ?? resolve(checkout, '../shared/devices');

/** Path of a recording, and why a test that needs it is skipped when it is not there. */
export function recording(name: string): { path: string; skip: string | false } {
  const path = join(devicesFolder, name);
  return {
    path,
    skip: existsSync(path) ? false : `recordings of real devices are not at ${devicesFolder} (set RACKWATT_DEVICES)`,
  };
}
