import { readFile } from 'node:fs/promises';
import { type Command, type CommandInput, errorMessage, RackwattError } from 'rackwatt';
import type { DeviceView } from '../acquisition.js';
import { acquisitionError } from '../errors.js';
import { DEVICE_PID } from '../settings.js';
import {
  additionOf,
  applyEdits,
  configuredDevices,
  DEVICE_WORDS,
  type DeviceWords,
  LOCATION_WORDS,
} from './configured.js';
import { parseCsv } from './csv.js';

const device: Command = {
  summary: 'devices that this node reads',
  commands: {
    list: { summary: 'devices, and how they are when a node runs', options: { '--json': 'print JSON' }, run: list },
    add: {
      summary: 'read a further device',
      arguments: '<name>',
      options: {
        '--address <url>': 'where it answers: snmp://192.0.2.7',
        '--profile <name>': 'how it is read; recognised unless given',
        '--interval <duration>': 'time from one read to the next: "10 s"',
        '--timeout <duration>': 'wait for the answer to one request: "1 s"',
        '--retries <number>': 'further tries of a request',
        '--credentials-secret <name>': 'secret that holds its community, or its SNMP v3 user as JSON',
        '--site <name>': 'building or campus',
        '--room <name>': 'room or hall',
        '--row <name>': 'row of racks',
        '--rack <name>': 'rack that it feeds',
        '--unit <name>': 'place in the rack',
        '--feed <name>': 'power feed that it hangs on: A',
      },
      run: add,
    },
    import: {
      summary: `add devices from a CSV file with the columns name, ${columnNames().join(', ')}`,
      arguments: '<file>',
      run: importDevices,
    },
    remove: { summary: 'read a device no more', arguments: '<name>', run: remove },
  },
};

export default device;

interface ListedDevice extends Partial<Omit<DeviceView, 'interval' | 'device'>> {
  name: string;
  /** As configured: `10 s`. */
  interval: string;
  enabled: boolean;
}

async function list(input: CommandInput): Promise<void> {
  const live = await liveStatus(input);
  const devices: ListedDevice[] = [...(await configuredDevices(input))].map(([name, configured]) => {
    const { address, profile = 'auto', interval = '10 s', location = {}, enabled = true } = configured;
    const { state, detail, since, identity } = live?.get(name) ?? {};
    return {
      name,
      address,
      profile,
      interval,
      location,
      enabled: enabled === true,
      state,
      detail,
      since,
      identity,
    } as ListedDevice;
  });
  if (input.options['json'] === true) return input.stdout.write(`${JSON.stringify(devices, undefined, 2)}\n`);
  if (devices.length === 0)
    return input.stdout.write('No devices are configured; add one: rackwatt device add NAME --address snmp://HOST\n');
  const rows = devices.map((each) => [
    each.name,
    String(each.address ?? ''),
    String(each.profile),
    String(each.interval),
    LOCATION_WORDS.flatMap((word) => each.location?.[word] ?? []).join(' / '),
    stateWord(each, live !== undefined),
    each.detail ?? '',
  ]);
  input.stdout.write(table([['NAME', 'ADDRESS', 'PROFILE', 'INTERVAL', 'LOCATION', 'STATE', ''], ...rows]));
}

function stateWord({ enabled, state }: ListedDevice, running: boolean): string {
  if (!enabled) return 'disabled';
  if (!running) return '(no node runs)';
  return state ?? 'not read';
}

/** @returns nothing when no node runs. */
async function liveStatus(input: CommandInput): Promise<Map<string, DeviceView> | undefined> {
  try {
    const views = (await input.call('device.status')) as DeviceView[];
    return new Map(views.map((view) => [view.device, view]));
  } catch (error) {
    if (error instanceof RackwattError && error.code === 'NODE_NOT_RUNNING') return undefined;
    throw error;
  }
}

async function add(input: CommandInput): Promise<void> {
  const [name = ''] = input.arguments;
  const words: DeviceWords = {};
  for (const word of DEVICE_WORDS) {
    const value = input.options[word];
    if (typeof value === 'string') words[word] = value;
  }
  const edit = additionOf(name, words, await knownSecrets(input, [words]));
  if ((await configuredDevices(input)).has(name)) throw alreadyThere(name);
  await applyEdits(input, [edit]);
  input.stdout.write(`added ${name} (${words.address})\n`);
}

async function importDevices(input: CommandInput): Promise<void> {
  const [path = ''] = input.arguments;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw acquisitionError('DEVICE_SETTINGS_INVALID', `Cannot read ${path}: ${errorMessage(cause)}.`, { cause });
  });
  const [header = [], ...rows] = parseCsv(text);
  const columns = header.map(wordOf);
  const unknown = header.find((_, i) => columns[i] === undefined);
  if (unknown !== undefined || !columns.includes('name') || !columns.includes('address'))
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      `${path}: the first line names the columns: name, address and any of ${columnNames().slice(1).join(', ')}${unknown === undefined ? '' : `; "${unknown}" is none`}.`,
    );
  const there = await configuredDevices(input);
  const devices = rows.map((cells) => {
    const words = Object.fromEntries(
      columns.flatMap((column, i) => (column && cells[i]?.trim() ? [[column, cells[i].trim()]] : [])),
    );
    return words as DeviceWords & { name?: string };
  });
  const secrets = await knownSecrets(input, devices);
  const names = new Set(there.keys());
  const edits = devices.map(({ name = '', ...words }, i) => {
    try {
      const edit = additionOf(name, words, secrets);
      if (names.has(name)) throw alreadyThere(name);
      names.add(name);
      return edit;
    } catch (error) {
      if (!(error instanceof RackwattError)) throw error;
      throw new RackwattError(error.code, `${path}, device ${i + 1}: ${error.message}`, { cause: error });
    }
  });
  if (edits.length === 0) return input.stdout.write(`${path} holds no devices\n`);
  await applyEdits(input, edits);
  input.stdout.write(`added ${edits.length} devices\n`);
}

async function remove(input: CommandInput): Promise<void> {
  const [name = ''] = input.arguments;
  if (!(await configuredDevices(input)).has(name))
    throw acquisitionError(
      'DEVICE_UNKNOWN',
      `No device "${name}" is configured; "rackwatt device list" shows those that are.`,
    );
  await applyEdits(input, [{ path: ['configurations', `${DEVICE_PID}~${name}`] }]);
  input.stdout.write(`removed ${name}\n`);
}

/** Secrets are only asked for when a device refers to one. */
async function knownSecrets(input: CommandInput, devices: readonly DeviceWords[]): Promise<string[]> {
  return devices.some(({ credentialsSecret }) => credentialsSecret !== undefined) ? input.configuration.secrets() : [];
}

const alreadyThere = (name: string) =>
  acquisitionError(
    'DEVICE_EXISTS',
    `Device "${name}" is there already; remove it first, or change it: rackwatt config set`,
  );

/** `credentials-secret` for `credentialsSecret`. */
function columnNames(): string[] {
  return DEVICE_WORDS.map((word) => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
}

function wordOf(column: string): 'name' | (typeof DEVICE_WORDS)[number] | undefined {
  const plain = column.trim().toLowerCase();
  return plain === 'name' ? 'name' : DEVICE_WORDS[columnNames().indexOf(plain)];
}

function table(rows: readonly string[][]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
