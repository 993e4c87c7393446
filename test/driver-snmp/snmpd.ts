import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SnmpCredentials } from '@rackwatt/telemetry';

export const SNMPD_USER = {
  version: '3',
  user: 'watt',
  authProtocol: 'sha',
  authKey: 'authentic-key',
  privProtocol: 'aes',
  privKey: 'private-key-1',
} as const;

export interface Snmpd {
  address: string;
  port: number;
  /** Ends it; what it knows stays in its folder. */
  close(signal?: NodeJS.Signals): Promise<void>;
}

export interface SnmpdOptions {
  users?: readonly Required<Pick<SnmpCredentials, 'user' | 'authProtocol' | 'authKey' | 'privProtocol' | 'privKey'>>[];
  port?: number;
  /** Hexadecimal; its own choice unless given. */
  engineId?: string;
}

/** Lines of a recording with integers and plain texts only, as overrides of snmpd. */
function overrides(recording: string): string {
  const types: Record<string, string> = { '2': 'integer', '4': 'octet_str', '66': 'uinteger' };
  const own = recording.split('\n').filter((line) => line.startsWith('1.3.6.1.4.1.'));
  return own
    .map((line) => line.split('|'))
    .map(([oid, type, value]) => `override ${oid} ${types[type!]} ${type === '4' ? `"${value}"` : value}`)
    .join('\n');
}

/** Names of protocols as net-snmp spells them. */
const spelled = (protocol: string): string =>
  protocol
    .replace(/^sha(?=\d)/, 'SHA-')
    .replace(/^aes256b$/, 'AES-256')
    .toUpperCase();

/**
 * Starts the real snmpd with these objects, community `public`, and users of SNMPv3. A folder in which one ran before has the
 * count of its restarts and, unless `engineId` is given, its engine.
 */
export async function startSnmpd(
  folder: string,
  sysObjectId: string,
  recording: string,
  { users = [SNMPD_USER], port: wanted, engineId }: SnmpdOptions = {},
): Promise<Snmpd> {
  const port = wanted ?? (await freePort());
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  const configuration = [
    `sysObjectID ${sysObjectId}`,
    'rocommunity public 127.0.0.1',
    ...(engineId === undefined ? [] : [`exactEngineID 0x${engineId}`]),
    ...users.flatMap(({ user, authProtocol, authKey, privProtocol, privKey }) => [
      `createUser ${user} ${spelled(authProtocol)} "${authKey}" ${spelled(privProtocol)} "${privKey}"`,
      `rouser ${user} authpriv`,
    ]),
    overrides(recording),
  ].join('\n');
  const file = join(folder, 'snmpd.conf');
  writeFileSync(file, `${configuration}\n`);
  const child = spawn('snmpd', ['-f', '-Lo', '-C', '-c', file, `udp:127.0.0.1:${port}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`, SNMP_PERSISTENT_DIR: state, MIBS: '' },
  });
  const ended = once(child, 'exit');
  // The last that it does before it answers.
  let output = '';
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('NET-SNMP version')) resolve();
    });
    child.on('exit', () => reject(new RangeError(`snmpd ended: ${output}`)));
  });
  return {
    address: `snmp://127.0.0.1:${port}`,
    port,
    async close(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}
