import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

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
  close(): Promise<void>;
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

/** Starts the real snmpd with these objects, community `public` and the v3 user `SNMPD_USER`. */
export async function startSnmpd(folder: string, sysObjectId: string, recording: string): Promise<Snmpd> {
  const port = await freePort();
  const state = join(folder, 'state');
  mkdirSync(state);
  const { user, authKey, privKey } = SNMPD_USER;
  const configuration = [
    `sysObjectID ${sysObjectId}`,
    'rocommunity public 127.0.0.1',
    `createUser ${user} SHA "${authKey}" AES "${privKey}"`,
    `rouser ${user} authpriv`,
    overrides(recording),
  ].join('\n');
  const file = join(folder, 'snmpd.conf');
  writeFileSync(file, `${configuration}\n`);
  const child = spawn('snmpd', ['-f', '-Lo', '-C', '-c', file, `udp:127.0.0.1:${port}`], {
    stdio: 'ignore',
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin`, SNMP_PERSISTENT_DIR: state, MIBS: '' },
  });
  const ended = once(child, 'exit');
  await delay(500);
  return {
    address: `snmp://127.0.0.1:${port}`,
    async close() {
      child.kill();
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
