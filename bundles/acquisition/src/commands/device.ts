import { type Command, type CommandInput, RackwattError } from 'rackwatt';
import type { DeviceView } from '../acquisition.js';
import { acquisitionError } from '../errors.js';
import { DEVICE_PID } from '../settings.js';
import { additionOf, applyEdits, configuredDevices } from './configured.js';
import { identity } from './identity.js';
import { importCommand } from './import.js';
import { knownTo } from './known.js';
import { DEVICE_WORDS, type DeviceWords, LOCATION_WORDS } from './words.js';

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
    identity,
    import: importCommand,
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
  const edit = additionOf(name, words, await knownTo(input, [words]));
  if ((await configuredDevices(input)).has(name)) throw alreadyThere(name);
  await applyEdits(input, [edit]);
  input.stdout.write(`added ${name} (${words.address})\n`);
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

const alreadyThere = (name: string) =>
  acquisitionError(
    'DEVICE_EXISTS',
    `Device "${name}" is there already; remove it first, or change it: rackwatt config set`,
  );

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
