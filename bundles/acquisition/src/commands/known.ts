import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CommandInput, errorMessage } from 'rackwatt';
import { record } from './configured.js';
import type { DeviceWords, Known } from './words.js';

const SNMP_PID = 'rackwatt.driver.snmp';

/** What words are checked against; what none of them refers to is not asked for. */
export async function knownTo(input: CommandInput, devices: readonly DeviceWords[]): Promise<Known> {
  const refersToSecret = devices.some(({ credentialsSecret }) => credentialsSecret !== undefined);
  const refersToProfile = devices.some(({ profile = 'auto' }) => profile !== 'auto');
  const snmp = refersToProfile ? await snmpProfiles(input) : undefined;
  return {
    secrets: refersToSecret ? await input.configuration.secrets() : [],
    ...(snmp && { profiles: { snmp } }),
  };
}

/** Names of the profiles that come along and of those of the site; undefined on a node without profiles. */
async function snmpProfiles(input: CommandInput): Promise<Set<string> | undefined> {
  try {
    const { profiles } = await import('@rackwatt/device-profiles');
    const { document } = await input.configuration.read();
    const { profiles: folder } = record(record(record(document)['configurations'])[SNMP_PID]);
    const own = typeof folder === 'string' ? await ownProfiles(resolve(input.home, folder)) : [];
    return new Set([...profiles().map(({ name }) => name), ...own]);
  } catch (absent) {
    if ((absent as { code?: unknown }).code !== 'MODULE_NOT_FOUND') throw absent;
    return undefined;
  }
}

/** Whether they are right is the driver's to say; here only their names count. */
async function ownProfiles(folder: string): Promise<string[]> {
  const files = await readdir(folder).catch((error: unknown): string[] => (void errorMessage(error), []));
  return Promise.all(files.filter((file) => file.endsWith('.json')).map((file) => nameIn(join(folder, file))));
}

async function nameIn(file: string): Promise<string> {
  try {
    return String(record(JSON.parse(await readFile(file, 'utf8')))['name']);
  } catch (unreadable) {
    // The driver says so where it reads it.
    void errorMessage(unreadable);
    return '';
  }
}
