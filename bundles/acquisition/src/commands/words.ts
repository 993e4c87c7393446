import { type DeviceLocation, normalAddress } from '@rackwatt/telemetry';
import { errorMessage, RackwattError } from 'rackwatt';
import type { AcquisitionErrorCode } from '../errors.js';
import { type DeviceConfiguration, deviceSettings } from '../settings.js';

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

/** What is known when words are checked. */
export interface Known {
  secrets: readonly string[];
  /** Names of profiles for addresses of a scheme; absent where they are not known. */
  profiles?: Readonly<Record<string, ReadonlySet<string>>>;
}

export interface WordProblem {
  word: 'name' | (typeof DEVICE_WORDS)[number];
  code: AcquisitionErrorCode | 'DURATION_INVALID';
  message: string;
}

const LONGEST_WORD = 200;
const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.%\w]+\]|[^\s/:[\]@?#]+)(?::(\d{1,5}))?(\/\S*)?$/i;

/** Everything that is wrong with the words of one device, in the order of its columns. */
export function problemsOf(name: string, words: DeviceWords, known: Known): WordProblem[] {
  const problems: WordProblem[] = [];
  const add = (word: WordProblem['word'], message: string, code: WordProblem['code'] = 'DEVICE_SETTINGS_INVALID') =>
    problems.push({ word, code, message });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    add(
      'name',
      `"${name}" cannot name a device; use up to 64 letters, digits, dots, dashes and underscores.`,
      'DEVICE_NAME_INVALID',
    );
  const { address, profile, interval, timeout, retries, credentialsSecret } = words;
  if (!address) add('address', `Device "${name}" has no address; write such as snmp://192.0.2.7.`);
  else if (!isAddress(address)) add('address', `"${address}" is no address; write such as "snmp://192.0.2.7".`);
  const profiles = known.profiles?.[(address ?? '').split(':')[0]!.toLowerCase()];
  if (profile !== undefined && profile !== 'auto' && profiles && !profiles.has(profile))
    add('profile', `There is no profile "${profile}"; "rackwatt profile list" shows those that there are.`);
  for (const [word, value] of Object.entries({ interval, timeout })) {
    const problem = value === undefined ? undefined : durationProblem(word as 'interval' | 'timeout', value);
    if (problem) add(word as 'interval' | 'timeout', problem.message, problem.code as WordProblem['code']);
  }
  if (retries !== undefined && !/^\d+$/.test(retries)) add('retries', `Retries are a whole number, not "${retries}".`);
  else if (Number(retries ?? 0) > 10) add('retries', `Retries are 10 at most, not ${retries}.`);
  if (credentialsSecret !== undefined && !known.secrets.includes(credentialsSecret))
    add(
      'credentialsSecret',
      `There is no secret "${credentialsSecret}"; store it first: rackwatt secret set ${credentialsSecret}`,
    );
  for (const word of LOCATION_WORDS)
    if ((words[word] ?? '').length > LONGEST_WORD) add(word, `A ${word} has ${LONGEST_WORD} letters at most.`);
  return problems;
}

function isAddress(address: string): boolean {
  const [, , port] = ADDRESS.exec(address) ?? [undefined, undefined, '0'];
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65_535);
}

function durationProblem(word: 'interval' | 'timeout', value: string): RackwattError | undefined {
  try {
    deviceSettings({ address: 'snmp://192.0.2.7', [word]: value });
    return undefined;
  } catch (error) {
    if (error instanceof RackwattError) return error;
    throw new RackwattError('DURATION_INVALID', errorMessage(error), { cause: error });
  }
}

/** The configuration that words say; they are right. */
export function configurationOf(words: DeviceWords): Partial<DeviceConfiguration> & { address: string } {
  const { address = '', profile, interval, timeout, retries, credentialsSecret } = words;
  const location: DeviceLocation = Object.fromEntries(
    LOCATION_WORDS.flatMap((word) => (words[word] ? [[word, words[word]]] : [])),
  );
  return {
    address,
    ...(profile === undefined ? {} : { profile }),
    ...(credentialsSecret === undefined ? {} : { credentials: { $secret: credentialsSecret } }),
    ...(interval === undefined ? {} : { interval }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(retries === undefined ? {} : { retries: Number(retries) }),
    ...(Object.keys(location).length === 0 ? {} : { location }),
  };
}

/** The address of a configured device, so that the same place is the same text. */
export function placeOf(configured: Readonly<Record<string, unknown>>): string | undefined {
  const { address } = configured;
  return typeof address === 'string' ? normalAddress(address) : undefined;
}

/** `credentials-secret` for `credentialsSecret`. */
export const columnOf = (word: string): string => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
