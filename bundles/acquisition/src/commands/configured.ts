import { type CommandInput, type ConfigurationEdit, type ConfigurationOutcome, RackwattError } from 'rackwatt';
import { acquisitionError } from '../errors.js';
import { DEVICE_PID } from '../settings.js';
import { configurationOf, type DeviceWords, type Known, problemsOf } from './words.js';

/** Devices as the configuration file has them, by name; values are as written there. */
export async function configuredDevices(input: CommandInput): Promise<Map<string, Record<string, unknown>>> {
  const { document } = await input.configuration.read();
  const configurations = record(record(document)['configurations']);
  const devices = Object.entries(configurations)
    .filter(([pid]) => pid.startsWith(`${DEVICE_PID}~`))
    .map(([pid, configuration]) => [pid.slice(DEVICE_PID.length + 1), record(configuration)] as const);
  return new Map(devices);
}

/** @throws `DEVICE_NAME_INVALID`, `DEVICE_SETTINGS_INVALID`, `DURATION_INVALID`: the first of what is wrong */
export function additionOf(name: string, words: DeviceWords, known: Known): ConfigurationEdit {
  const [first] = problemsOf(name, words, known);
  if (first) throw new RackwattError(first.code, first.message);
  return { path: pathOf(name), value: configurationOf(words) };
}

export const pathOf = (name: string): string[] => ['configurations', `${DEVICE_PID}~${name}`];

/** All edits or none. @throws `DEVICE_CONFIGURATION_REFUSED` with every problem */
export async function applyEdits(input: CommandInput, edits: readonly ConfigurationEdit[]): Promise<void> {
  const { applied, problems } = await input.configuration.edit(edits);
  if (!applied) throw refused(problems);
}

export function refused(problems: ConfigurationOutcome['problems']): RackwattError {
  const sentences = problems.map(({ message, line, column }) => `line ${line}, column ${column}: ${message}`);
  return acquisitionError(
    'DEVICE_CONFIGURATION_REFUSED',
    `The configuration was not changed. ${sentences.join('; ')}`,
    {
      context: { problems },
    },
  );
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
