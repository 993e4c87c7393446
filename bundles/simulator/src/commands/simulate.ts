import { basename } from 'node:path';
import type { SnmpCredentials } from '@rackwatt/telemetry';
import { type Command, type CommandInput, Scope } from 'rackwatt';
import { simulatorError } from '../errors.js';
import { serveRecording } from '../serve.js';

const HELP_V3 =
  'user of SNMP v3: NAME[,AUTH,KEY[,PRIV,KEY]], AUTH md5, sha, sha224..sha512, PRIV des, aes, aes256b, aes256r';

const simulate: Command = {
  summary: 'serve recorded walks as SNMP agents',
  arguments: '<recording...>',
  options: {
    '--host <address>': { description: 'address to listen on', default: '127.0.0.1' },
    '--port <number>': {
      description: 'UDP port of the first recording; the next one gets the next port',
      default: '16101',
    },
    '--community <name>': {
      description: 'community of SNMP v1 and v2c (public, unless there are users of v3)',
      repeatable: true,
    },
    '--v3 <user>': { description: HELP_V3, repeatable: true },
    '--writable': 'let outlets be switched by SET',
    '--latency <milliseconds>': 'wait this long before each answer',
  },
  async run(input) {
    const { stdout, stderr, signal } = input;
    const host = String(input.options['host'] ?? '127.0.0.1');
    const firstPort = wholeNumber(input, 'port', 16101);
    const users = words(input.options['v3']).map(parseUser);
    const given = words(input.options['community']);
    const communities = given.length > 0 || users.length > 0 ? given : ['public'];
    const faults = { latency: wholeNumber(input, 'latency', 0) };
    const writable = input.options['writable'] === true;
    const scope = new Scope('simulate');
    try {
      for (const [i, path] of input.arguments.entries()) {
        const port = firstPort === 0 ? 0 : firstPort + i;
        const served = scope.own(
          path,
          await serveRecording(path, { host, port, communities, users, writable, faults }),
        );
        for (const { line, message } of served.problems.slice(0, 10)) stderr.write(`${path}:${line}: ${message}\n`);
        if (served.problems.length > 10)
          stderr.write(`${path}: ${served.problems.length - 10} more lines like these\n`);
        stdout.write(`serving ${basename(path, '.snmprec')} at ${served.address} (${served.size} OIDs)\n`);
      }
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

function wholeNumber({ options }: CommandInput, name: string, otherwise: number): number {
  const text = options[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (typeof text !== 'string' || !/^\d+$/.test(text) || value > 65535)
    throw simulatorError(
      'SIMULATOR_OPTION_INVALID',
      `--${name} is "${String(text)}", but has to be a whole number from 0 to 65535.`,
    );
  return value;
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
