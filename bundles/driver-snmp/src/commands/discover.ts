import { writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import {
  type ConfiguredDevice,
  countsText,
  type DeviceIdentity,
  type DeviceTarget,
  type DiscoveryReport,
  identityText,
  plainCredentials,
  type Proposal,
  proposals,
} from '@rackwatt/telemetry';
import { type Command, type CommandInput, errorMessage, RackwattError } from 'rackwatt';
import { SnmpDiscovery } from '../discovery/discovery.js';
import { compareAddresses } from '../discovery/order.js';
import { proposalsCsv } from '../discovery/csv.js';
import { SWEEP_DEFAULTS } from '../discovery/sweep.js';
import { readProfiles } from '../profile-files.js';
import { credentialsOf, TARGET_OPTIONS } from './target.js';

const PROGRESS_EVERY = 500;
const DEVICE_PID = 'rackwatt.device~';

/** Options by which credentials are given on the command line itself. */
const INLINE = ['community', 'v1', 'v3'];

const { '--timeout <ms>': _, ...credentialOptions } = TARGET_OPTIONS;

const command: Command = {
  summary: 'look for devices in networks, ranges and hosts: 192.0.2.0/24, 192.0.2.10-50, 192.0.2.7:1161, [2001:db8::7]',
  arguments: '<range...>',
  options: {
    '--credentials-secret <name>': {
      description: 'secret that holds a community, or a user of SNMPv3 as JSON; tried in the order given',
      repeatable: true,
    },
    ...credentialOptions,
    '--exclude <range>': { description: 'leave these hosts out', repeatable: true },
    '--rate <number>': `hosts begun in a second (default: ${SWEEP_DEFAULTS.rate})`,
    '--in-flight <number>': `hosts looked at at the same time (default: ${SWEEP_DEFAULTS.inFlight})`,
    '--timeout <ms>': `milliseconds of one try (default: ${SWEEP_DEFAULTS.timeout})`,
    '--retries <number>': `tries after the first (default: ${SWEEP_DEFAULTS.retries})`,
    '--profiles <folder>': 'also recognise what the profiles of this folder describe',
    '--propose <file>': 'write what is new as a CSV file for "device import"',
    '--json': 'print JSON',
  },
  async run(input) {
    const propose = text(input, 'propose');
    if (propose !== undefined && existsSync(propose))
      throw new RackwattError(
        'DISCOVERY_FILE_EXISTS',
        `${propose} is there already and stays as it is: name another file.`,
        {
          context: { path: propose },
        },
      );
    const sets = await credentialSets(input);
    const report = await discovered(input, sets);
    const found = report.devices.toSorted((a, b) => compareAddresses(a.address, b.address));
    const proposed = proposals(found, await configuredDevices(input));
    const names = sets.map(({ secret }) => secret);
    if (input.options['json'] === true)
      input.stdout.write(`${JSON.stringify(printed(report, proposed, names), null, 2)}\n`);
    else input.stdout.write(table(proposed, names));
    input.stderr.write(`${summary(report)}\n`);
    if (propose !== undefined) await writeProposals(input, propose, proposed, sets);
    return report.state === 'cancelled' ? 130 : 0;
  },
};

export default command;

/** Credentials to try; `secret` names where they lie. */
interface CredentialSet {
  secret?: string;
  credentials: NonNullable<DeviceTarget['credentials']>;
  /** Given on the command line: lies nowhere. */
  isInline: boolean;
}

async function credentialSets(input: CommandInput): Promise<CredentialSet[]> {
  const names = list(input, 'credentialsSecret');
  const sets: CredentialSet[] = [];
  for (const secret of names) {
    const { credentials } = await input.secrets
      .resolve({ credentials: { $secret: secret } })
      .catch((error: unknown) => {
        if (!(error instanceof RackwattError) || error.code !== 'SECRET_MISSING') throw error;
        const advice = `There is no secret "${secret}"; store it first: rackwatt secret set ${secret}`;
        throw new RackwattError('SECRET_MISSING', advice, { cause: error });
      });
    sets.push({
      secret,
      credentials: plainCredentials(credentials as string | Record<string, unknown>),
      isInline: false,
    });
  }
  const isInline = INLINE.some((option) => input.options[option] !== undefined);
  if (isInline || sets.length === 0) sets.push({ credentials: credentialsOf(input), isInline });
  return sets;
}

async function discovered(input: CommandInput, sets: readonly CredentialSet[]): Promise<DiscoveryReport> {
  const folder = text(input, 'profiles');
  const discovery = new SnmpDiscovery({ profiles: folder === undefined ? [] : readProfiles(folder) });
  const { id } = await discovery.start({
    ranges: input.arguments,
    exclude: list(input, 'exclude'),
    credentials: sets.map(({ credentials }) => credentials),
    ...numbers(input, { rate: 'rate', inFlight: 'in-flight', timeout: 'timeout', retries: 'retries' }),
  });
  const cancel = (): void => void discovery.cancel(id);
  if (input.signal.aborted) cancel();
  input.signal.addEventListener('abort', cancel, { once: true });
  const progress = setInterval(() => void tell(), PROGRESS_EVERY);
  const tell = async (): Promise<void> => {
    const { looked, hosts, devices } = (await discovery.report())!;
    input.stderr.write(`\r${looked} of ${hosts} hosts, ${devices.length} found`);
  };
  try {
    await discovery.finished();
  } finally {
    clearInterval(progress);
    input.signal.removeEventListener('abort', cancel);
  }
  input.stderr.write('\r\u001b[K');
  const report = (await discovery.report())!;
  if (report.state === 'failed') throw new RackwattError('DISCOVERY_FAILED', report.detail!);
  return report;
}

/** Devices of the configuration, with the identities that a running node knows. */
async function configuredDevices(input: CommandInput): Promise<ConfiguredDevice[]> {
  if (!existsSync(input.file)) return [];
  const { document } = await input.configuration.read();
  const { configurations = {} } = (document ?? {}) as { configurations?: Record<string, { address?: unknown }> };
  const identities = await knownIdentities(input);
  return Object.entries(configurations).flatMap(([pid, configuration]) => {
    if (!pid.startsWith(DEVICE_PID)) return [];
    const name = pid.slice(DEVICE_PID.length);
    const identity = identities.get(name);
    const address = typeof configuration?.address === 'string' ? configuration.address : '';
    return [{ name, address, ...(identity && { identity }) }];
  });
}

async function knownIdentities(input: CommandInput): Promise<Map<string, DeviceIdentity>> {
  try {
    const views = (await input.call('device.status')) as { device: string; identity?: DeviceIdentity }[];
    return new Map(views.flatMap(({ device, identity }) => (identity ? [[device, identity] as const] : [])));
  } catch (error) {
    // Without a node, or without acquisition on it, devices are known by their address alone.
    if (error instanceof RackwattError && ['NODE_NOT_RUNNING', 'METHOD_UNKNOWN'].includes(error.code)) return new Map();
    throw error;
  }
}

function printed(
  report: DiscoveryReport,
  found: readonly Proposal[],
  secrets: readonly (string | undefined)[],
): object {
  const { state, hosts, looked, counts } = report;
  return {
    state,
    hosts,
    looked,
    counts,
    devices: found.map(({ credentials, ...device }) => ({
      ...device,
      credentialsSecret: credentials === undefined ? undefined : secrets[credentials],
    })),
  };
}

const STANDINGS: Readonly<Record<Proposal['standing'], (device: Proposal) => string>> = {
  new: ({ name }) => `new: ${name}`,
  configured: ({ name }) => `configured: ${name}`,
  moved: ({ name, at }) => `${name}, which is configured at ${at}: moved, or a second address of it`,
  again: ({ at }) => `the same as at ${at}`,
  other: () => '',
};

function table(found: readonly Proposal[], secrets: readonly (string | undefined)[]): string {
  if (found.length === 0) return '';
  const rows = found.map((device) => {
    const { address, state, identity, credentials, detail, sysObjectId, sysDescr } = device;
    const says = [sysObjectId, sysDescr && JSON.stringify(sysDescr)].filter(Boolean).join(' ');
    const isTold = Object.keys(identity).length > 0;
    return [
      address,
      state,
      isTold ? identityText(identity) : says,
      identity.profile ?? '',
      credentials === undefined ? '' : (secrets[credentials] ?? ''),
      STANDINGS[device.standing](device) || (state === 'refused' ? (detail ?? '') : ''),
    ];
  });
  const head = ['ADDRESS', 'STATE', 'DEVICE', 'PROFILE', 'SECRET', ''];
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  return [head, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function summary({ state, counts, looked, hosts }: DiscoveryReport): string {
  const rest = [
    `${counts.silent} silent`,
    ...(counts.closed > 0 ? [`${counts.closed} without an agent`] : []),
    ...(counts.unreachable > 0 ? [`${counts.unreachable} not to be reached`] : []),
  ].join(', ');
  const how = state === 'cancelled' ? `; stopped after ${looked} of ${hosts} hosts` : '';
  return `${countsText(counts)} (${rest})${how}`;
}

async function writeProposals(
  input: CommandInput,
  path: string,
  found: readonly Proposal[],
  sets: readonly CredentialSet[],
): Promise<void> {
  const fresh = found.filter(({ standing }) => standing === 'new');
  const rows = fresh.map((device) => ({ device, secret: sets[device.credentials ?? 0]?.secret }));
  await writeFile(path, proposalsCsv(rows), { flag: 'wx' }).catch((cause: unknown) => {
    throw new RackwattError('DISCOVERY_FILE_UNWRITABLE', `The proposals cannot be written: ${errorMessage(cause)}.`, {
      cause,
      context: { path },
    });
  });
  input.stderr.write(
    `${fresh.length} proposals written to ${path}: fill in where they hang, then "rackwatt device import ${path} --dry-run"\n`,
  );
  if (fresh.some(({ credentials }) => sets[credentials ?? 0]?.isInline))
    input.stderr.write(
      'Credentials of the command line are not in it: store them ("rackwatt secret set NAME") and look again with --credentials-secret NAME.\n',
    );
}

function list(input: CommandInput, name: string): string[] {
  const value = input.options[name];
  return Array.isArray(value) ? value : typeof value === 'string' ? [value] : [];
}

function text(input: CommandInput, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numbers(input: CommandInput, options: Record<string, string>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, flag]) => {
      const value = text(input, name);
      if (value === undefined) return [];
      if (!/^\d{1,6}$/.test(value)) throw new RackwattError('USAGE', `--${flag} takes a whole number, not '${value}'.`);
      return [[name, Number(value)]];
    }),
  );
}
