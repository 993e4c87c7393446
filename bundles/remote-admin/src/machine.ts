import { readFile } from 'node:fs/promises';
import { errorMessage } from 'rackwatt';

/** Where systems say what machine they run on: PCs by DMI, others by their device tree. */
const SERIALS = ['/sys/class/dmi/id/product_serial', '/proc/device-tree/serial-number'];
const MODELS = ['/sys/class/dmi/id/product_name', '/proc/device-tree/model'];

export interface Machine {
  serial: string;
  model: string;
}

/** What a person at the center knows this machine by. */
export async function machine(given: Partial<Machine>): Promise<Machine> {
  return {
    serial: given.serial ?? (await first(SERIALS)),
    model: given.model ?? (await first(MODELS)),
  };
}

async function first(files: readonly string[]): Promise<string> {
  for (const file of files) {
    // Some are for root alone, and most machines have one of them only.
    const text = await readFile(file, 'utf8').catch((error: unknown) => void errorMessage(error));
    const found = text
      ?.replace(/[\p{Cc}]/gu, '')
      .trim()
      .slice(0, 200);
    if (found) return found;
  }
  return 'unknown';
}
