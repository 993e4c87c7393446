import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { type Command, type CommandInput, Scope } from 'rackwatt';
import { control, csvOf, jsonOf, lineOf, type Listening } from '../control.js';
import { simulatorError } from '../errors.js';
import { FAULTS, parseFaults } from '../faults.js';
import { type Generation, generatedHall, type HallOptions } from '../hall.js';
import { serveRecording } from '../serve.js';

const HELP_V3 =
  'user of SNMP v3: NAME[,AUTH,KEY[,PRIV,KEY]], AUTH md5, sha, sha224..sha512, PRIV des, aes, aes256b, aes256r';

const FAULT_HELP = `how they misbehave, as NAME or NAME=VALUE: ${Object.keys(FAULTS).join(', ')}`;

const simulate: Command = {
  summary: 'serve recorded walks, and PDUs generated of any family, as SNMP agents',
  arguments: '[recording...]',
  options: {
    '--generate <family>': {
      description: 'generate PDUs of this profile: FAMILY or FAMILY:COUNT; in processes of their own',
      repeatable: true,
    },
    '--outlets <number>': { description: 'outlets of each generated PDU', default: '24' },
    '--phases <number>': { description: '1, or 3 (wye), of each generated PDU', default: '1' },
    '--units <number>': { description: 'PDUs of a chain behind each generated agent', default: '1' },
    '--seed <word>': { description: 'generated PDUs of one seed are alike', default: 'hall' },
    '--processes <number>': 'processes of generated PDUs (one for each processor)',
    '--host <address>': { description: 'address to listen on', default: '127.0.0.1' },
    '--port <number>': {
      description: 'UDP port of the first agent; the next one gets the next port; 0 takes free ones',
      default: '16101',
    },
    '--community <name>': {
      description: 'community of SNMP v1 and v2c (public, unless there are users of v3)',
      repeatable: true,
    },
    '--v3 <user>': { description: HELP_V3, repeatable: true },
    '--writable': 'let outlets of recordings be switched by SET, as their profile says',
    '--fault <name>': { description: FAULT_HELP, repeatable: true },
    '--control':
      'take lines from standard input: "fault WHICH NAME[=VALUE]..." and "heal WHICH", WHICH a name, apc-* or *',
    '--list <file>': 'write who listens where: JSON, or CSV for "device import" where the name ends in .csv',
    '--json': 'print who listens where as JSON',
  },
  async run(input) {
    const { stdout, stderr, signal, options } = input;
    const generate = words(options['generate']).map(parseGeneration);
    if (input.arguments.length === 0 && generate.length === 0)
      throw simulatorError(
        'SIMULATOR_OPTION_INVALID',
        'Name a recording, or a family to generate: --generate apc-rpdu2:10.',
      );
    const faults = parseFaults(words(options['fault']));
    const common = { host: String(options['host'] ?? '127.0.0.1'), ...security(options), faults };
    const port = wholeNumber(input, 'port', 16101, 0, 65_535);
    const portAt = (place: number) => (port === 0 ? 0 : port + place);
    const scope = new Scope('simulate');
    try {
      const agents: Listening[] = [];
      for (const [i, path] of input.arguments.entries()) {
        const writable = options['writable'] === true;
        const served = scope.own(path, await serveRecording(path, { ...common, port: portAt(i), writable }));
        for (const { line, message } of served.problems.slice(0, 10)) stderr.write(`${path}:${line}: ${message}\n`);
        if (served.problems.length > 10)
          stderr.write(`${path}: ${served.problems.length - 10} more lines like these\n`);
        const name = basename(path, '.snmprec');
        agents.push({
          name,
          address: served.address,
          size: served.size,
          set: async (given) => served.faults.set(given),
        });
      }
      if (generate.length > 0) {
        const hall = scope.own(
          'generated PDUs',
          await generatedHall({
            ...common,
            ...generatedOptions(input),
            generate,
            port: portAt(agents.length),
            entry: join(__dirname, '..', 'hall-child.js'),
            lost: (pdus, how) => stderr.write(`a process ended (${how}): ${pdus.length} PDUs are gone\n`),
          }),
        );
        for (const { name, family, serial, address } of hall.pdus)
          agents.push({ name, family, serial, address, set: (given) => hall.setFaults(given, [name]) });
      }
      const list = options['list'];
      if (typeof list === 'string') writeFileSync(list, list.endsWith('.csv') ? csvOf(agents) : jsonOf(agents));
      stdout.write(options['json'] === true ? jsonOf(agents) : agents.map(lineOf).join(''));
      if (options['control'] === true) scope.own('control', control(agents, stderr));
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    } finally {
      await scope.close();
    }
  },
};

export default simulate;

function words(option: string | boolean | string[] | undefined): string[] {
  if (Array.isArray(option)) return option;
  return typeof option === 'string' ? [option] : [];
}

function wholeNumber({ options }: CommandInput, name: string, otherwise: number, least: number, most: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (typeof text !== 'string' || !/^\d+$/.test(text) || value < least || value > most)
    throw simulatorError(
      'SIMULATOR_OPTION_INVALID',
      `--${name} is "${String(text)}", but has to be a whole number from ${least} to ${most}.`,
    );
  return value;
}

function security(options: CommandInput['options']): Required<Pick<HallOptions, 'communities' | 'users'>> {
  const users = words(options['v3']).map(parseUser);
  const given = words(options['community']);
  return { users, communities: given.length > 0 || users.length > 0 ? given : ['public'] };
}

function generatedOptions(
  input: CommandInput,
): Pick<HallOptions, 'outlets' | 'phases' | 'units' | 'seed' | 'processes'> {
  const phases = wholeNumber(input, 'phases', 1, 1, 3);
  if (phases === 2) throw simulatorError('SIMULATOR_OPTION_INVALID', '--phases is 1 or 3, not 2.');
  return {
    outlets: wholeNumber(input, 'outlets', 24, 1, 96),
    phases: phases as 1 | 3,
    units: wholeNumber(input, 'units', 1, 1, 16),
    seed: String(input.options['seed'] ?? 'hall'),
    ...(input.options['processes'] === undefined ? {} : { processes: wholeNumber(input, 'processes', 1, 1, 256) }),
  };
}

/** `apc-rpdu2` or `apc-rpdu2:400` */
function parseGeneration(text: string): Generation {
  const [, family, count = '1'] = /^([a-z0-9-]+)(?::([1-9]\d{0,4}))?$/.exec(text) ?? [];
  if (family !== undefined) return { family, count: Number(count) };
  throw simulatorError(
    'SIMULATOR_OPTION_INVALID',
    `--generate takes FAMILY or FAMILY:COUNT, such as apc-rpdu2:400, not "${text}".`,
  );
}

/** `operator,sha,AUTHKEY,aes,PRIVKEY` */
function parseUser(text: string): SnmpCredentials {
  const [user, authProtocol, authKey, privProtocol, privKey, ...rest] = text.split(',').map((word) => word.trim());
  if (!user || (authProtocol && !authKey) || (privProtocol && !privKey) || rest.length > 0)
    throw simulatorError(
      'SIMULATOR_OPTION_INVALID',
      `--v3 takes NAME[,AUTH,KEY[,PRIV,KEY]], such as "operator,sha,authsecret,aes,privsecret".`,
    );
  return {
    version: '3',
    user,
    ...(authKey
      ? { authProtocol: authProtocol!.toLowerCase() as NonNullable<SnmpCredentials['authProtocol']>, authKey }
      : {}),
    ...(privKey
      ? { privProtocol: privProtocol!.toLowerCase() as NonNullable<SnmpCredentials['privProtocol']>, privKey }
      : {}),
  };
}
