import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { RackwattError } from '../../errors.js';
import type { Command } from '../contract.js';
import { CONFIG_FILE } from '../home.js';
import { json } from '../output.js';

interface PlatformBundle {
  name: string;
  startLevel: number;
}

const level = (startLevel: number, ...names: string[]): PlatformBundle[] =>
  names.map((name) => ({ name: `@rackwatt/${name}`, startLevel }));

const COMMON = level(1, 'telemetry', 'device-profiles');
const AGENT = [...level(1, 'fleet'), ...level(6, 'remote-admin')];
const FACE = level(8, 'http', 'console');

/** Roles are nothing but lists of bundles. */
const ROLES: Record<string, { bundles: PlatformBundle[]; configurations: Record<string, object> }> = {
  gateway: {
    bundles: [
      ...COMMON,
      ...level(3, 'outbox'),
      ...level(4, 'driver-snmp'),
      ...level(5, 'acquisition', 'publisher-mqtt'),
      ...AGENT,
      ...FACE,
    ],
    configurations: { 'rackwatt.http': { port: 8080 }, 'rackwatt.publisher.mqtt': { url: 'mqtt://127.0.0.1:1883' } },
  },
  concentrator: {
    bundles: [...COMMON, ...level(2, 'broker'), ...level(3, 'store-sqlite'), ...level(4, 'ingest'), ...FACE],
    configurations: {
      'rackwatt.http': { port: 8080 },
      'rackwatt.broker': { port: 1883 },
      'rackwatt.ingest': { url: 'mqtt://127.0.0.1:1883' },
    },
  },
  'admin-center': {
    bundles: [...level(1, 'telemetry', 'fleet'), ...level(5, 'admin-center'), ...FACE],
    configurations: { 'rackwatt.http': { port: 8080 }, 'rackwatt.admin-center': { port: 8443 } },
  },
};

/** What a site has on one machine. */
const SITE = ['gateway', 'concentrator'];

export const init: Command = {
  summary: 'lay out a site of your own in DIR: configuration, keys, drop-in folder',
  arguments: '<dir>',
  options: {
    '--role <role>': {
      description: 'gateway, concentrator, admin-center or site (gateway and concentrator on one machine)',
      default: 'site',
    },
    '--id <id>': 'name of the node; the name of the folder when absent',
  },
  async run({ arguments: [dir], options, stdout }) {
    const folder = resolve(dir!);
    const file = join(folder, CONFIG_FILE);
    if (existsSync(file)) throw new RackwattError('USAGE', `${file} exists; a site is never overwritten`);
    const role = String(options['role']);
    const parts = (role === 'site' ? SITE : [role]).flatMap((name) => ROLES[name] ?? []);
    if (parts.length === 0)
      throw new RackwattError(
        'USAGE',
        `there is no role "${role}"; choose one of ${[...Object.keys(ROLES), 'site'].join(', ')}`,
      );
    const bundles = new Map(parts.flatMap((part) => part.bundles).map((bundle) => [bundle.name, bundle]));
    const ordered = [...bundles.values()].sort((a, b) => a.startLevel - b.startLevel);
    const id = String(options['id'] ?? folder.split('/').at(-1)).replace(/[^A-Za-z0-9._-]/g, '-') || 'rackwatt';
    mkdirSync(join(folder, 'keys'), { recursive: true });
    mkdirSync(join(folder, 'dropins'), { recursive: true });
    mkdirSync(join(folder, 'var'), { recursive: true, mode: 0o700 });
    writeFileSync(
      file,
      json({
        id,
        framework: { storage: './var', dropins: './dropins', startLevel: 10, trust: { unsigned: [], keys: './keys' } },
        bundles: ordered.map(({ name, startLevel }) => ({ id: `platform:${name}`, startLevel })),
        configurations: Object.assign({}, ...parts.map((part) => part.configurations)) as object,
      }),
      { mode: 0o600, flag: 'wx' },
    );
    stdout.write(
      `${/^[aeiou]/.test(role) ? 'an' : 'a'} ${role} is laid out in ${folder}\n\n  rackwatt start --home ${folder}\n`,
    );
  },
};
