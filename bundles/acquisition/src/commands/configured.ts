import type { CommandInput, ConfigurationEdit } from 'rackwatt';
import { acquisitionError } from '../errors.js';
import { DEVICE_PID, deviceSettings, type DeviceConfiguration } from '../settings.js';

/** Devices as the configuration file has them, by name; values are as written there. */
export async function configuredDevices(input: CommandInput): Promise<Map<string, Record<string, unknown>>> {
  const { document } = await input.configuration.read();
  const configurations = record(record(document)['configurations']);
  const devices = Object.entries(configurations)
    .filter(([pid]) => pid.startsWith(`${DEVICE_PID}~`))
    .map(([pid, configuration]) => [pid.slice(DEVICE_PID.length + 1), record(configuration)] as const);
  return new Map(devices);
}

/** What the options of `device add` and the columns of `device import` say. */
export type DeviceWords = Partial<Record<(typeof DEVICE_WORDS)[number], string>>;

export const LOCATION_WORDS = ['site', 'room', 'row', 'rack', 'unit', 'feed'] as const;
export const DEVICE_WORDS = [
  'address',
  'profile',
  'interval',
  'timeout',
  'retries',
  'credentialsSecret',
  ...LOCATION_WORDS,
] as const;

/** @throws `DEVICE_NAME_INVALID`, `DEVICE_SETTINGS_INVALID` */
export function additionOf(name: string, words: DeviceWords, secrets: readonly string[]): ConfigurationEdit {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw acquisitionError(
      'DEVICE_NAME_INVALID',
      `"${name}" cannot name a device; use up to 64 letters, digits, dots, dashes and underscores.`,
    );
  const { address, profile, interval, timeout, retries, credentialsSecret } = words;
  if (!address)
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      `Device "${name}" has no address; write such as snmp://192.0.2.7.`,
    );
  if (retries !== undefined && !/^\d+$/.test(retries))
    throw acquisitionError('DEVICE_SETTINGS_INVALID', `Retries are a whole number, not "${retries}".`);
  if (credentialsSecret !== undefined && !secrets.includes(credentialsSecret))
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      `There is no secret "${credentialsSecret}"; store it first: rackwatt secret set ${credentialsSecret}`,
    );
  const location = Object.fromEntries(LOCATION_WORDS.flatMap((word) => (words[word] ? [[word, words[word]]] : [])));
  const value = {
    address,
    ...(profile === undefined ? {} : { profile }),
    ...(credentialsSecret === undefined ? {} : { credentials: { $secret: credentialsSecret } }),
    ...(interval === undefined ? {} : { interval }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(retries === undefined ? {} : { retries: Number(retries) }),
    ...(Object.keys(location).length === 0 ? {} : { location }),
  };
  deviceSettings(value as Partial<DeviceConfiguration> & { address: string });
  return { path: ['configurations', `${DEVICE_PID}~${name}`], value };
}

/** All edits or none. @throws `DEVICE_CONFIGURATION_REFUSED` with every problem */
export async function applyEdits(input: CommandInput, edits: readonly ConfigurationEdit[]): Promise<void> {
  const { applied, problems } = await input.configuration.edit(edits);
  if (applied) return;
  const sentences = problems.map(({ message, line, column }) => `line ${line}, column ${column}: ${message}`);
  throw acquisitionError('DEVICE_CONFIGURATION_REFUSED', `The configuration was not changed. ${sentences.join('; ')}`, {
    context: { problems },
  });
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
