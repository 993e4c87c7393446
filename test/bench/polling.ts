import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SnmpDriver } from '@rackwatt/driver-snmp';
import { SNMPD_USER, startSnmpd } from '../driver-snmp/snmpd.js';
import { raritan } from '../driver-snmp/support.js';
import { needsPeer } from '../support/peers.js';

export interface BenchRow {
  metric: string;
  value: number;
  unit: string;
  subject: string;
}

interface BareSession {
  getBulk(
    oids: string[],
    nonRepeaters: number,
    repetitions: number,
    feed: (error: Error | null, varbinds: { oid: string; value: unknown }[][]) => void,
  ): void;
  close(): void;
}

interface BareSnmp {
  createSession(host: string, community: string, options: object): BareSession;
  createV3Session(host: string, user: object, options: object): BareSession;
  Version2c: number;
  Version3: number;
  SecurityLevel: { authPriv: number };
  AuthProtocols: Record<string, string>;
  PrivProtocols: Record<string, string>;
}

const net = createRequire(import.meta.url)('net-snmp') as BareSnmp;

const R = '1.3.6.1.4.1.13742.6';
const OUTLETS = 48;
/** Columns that a fast read asks for: state and value of three sensors each. */
const COLUMNS = [`${R}.5.4.3.1.3`, `${R}.5.4.3.1.4`];
const VARBINDS = COLUMNS.length * OUTLETS * 3;
const READS = 150;
const ROUNDS = 5;
const REPETITIONS = 48;

/** CPU µs of this process for one call, the median of several rounds; the other side's rounds stand between. */
async function compare(ours: () => Promise<void>, bare: () => Promise<void>): Promise<[ours: number, bare: number]> {
  const samples: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [side, run] of [ours, bare].entries()) {
      const before = process.cpuUsage();
      for (let i = 0; i < READS; i++) await run();
      const { user, system } = process.cpuUsage(before);
      if (round > 0) samples[side]!.push((user + system) / READS);
    }
  }
  const median = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;
  return [median(samples[0]), median(samples[1])];
}

/** The same objects with nothing around net-snmp but a loop: GETBULK of 48 along each column. */
async function walkBare(session: BareSession): Promise<void> {
  for (const column of COLUMNS) {
    let at = column;
    for (let left = OUTLETS * 3; left > 0; ) {
      const repetitions = Math.min(REPETITIONS, left);
      const from = at;
      const list = await new Promise<{ oid: string; value: unknown }[]>((resolve, reject) =>
        session.getBulk([from], 0, repetitions, (error, varbinds) => (error ? reject(error) : resolve(varbinds[0]!))),
      );
      left -= list.length;
      at = list.at(-1)!.oid;
    }
  }
}

/**
 * The driver's CPU time for a varbind against bare net-snmp's, both reading the same 288 objects of one snmpd in one
 * run. Prints nothing where snmpd is not installed.
 */
export async function pollingBench(print: (row: BenchRow) => void): Promise<void> {
  if (needsPeer('snmpd')) return;
  const folder = mkdtempSync(join(tmpdir(), 'rackwatt-bench-'));
  const snmpd = await startSnmpd(folder, R, raritan(OUTLETS));
  const driver = new SnmpDriver({ timeout: 3000, requestsPerSecond: 100_000 });
  const port = Number(snmpd.address.split(':').at(-1));
  const { user: name, authProtocol, authKey, privProtocol, privKey } = SNMPD_USER;
  const protocols = { authProtocol: net.AuthProtocols[authProtocol], privProtocol: net.PrivProtocols[privProtocol] };
  const user = { name, level: net.SecurityLevel.authPriv, authKey, privKey, ...protocols };
  const cases: [version: string, credentials: string | object, session: BareSession][] = [
    ['v2c', 'public', net.createSession('127.0.0.1', 'public', { port, version: net.Version2c })],
    ['v3', SNMPD_USER, net.createV3Session('127.0.0.1', user, { port, version: net.Version3 })],
  ];
  let worst = 0;
  try {
    for (const [version, credentials, session] of cases) {
      const open = await driver.open({ address: snmpd.address, profile: 'auto', credentials });
      const read = async (): Promise<void> =>
        void (await driver.read(open.session, { deadline: 3000, pollClass: 'fast' }));
      const [ours, bare] = await compare(read, () => walkBare(session));
      worst = Math.max(worst, ours / bare);
      print({ metric: `polling.cpu-ratio-${version}`, value: round(ours / bare), unit: 'ratio', subject: 'rackwatt' });
      print({
        metric: 'polling.cpu-per-1000-varbinds',
        value: round(ours / VARBINDS),
        unit: `ms ${version}`,
        subject: 'rackwatt',
      });
      print({
        metric: 'polling.cpu-per-1000-varbinds',
        value: round(bare / VARBINDS),
        unit: `ms ${version}`,
        subject: 'net-snmp',
      });
    }
    print({ metric: 'polling.cpu-ratio', value: round(worst), unit: 'ratio', subject: 'rackwatt' });
  } finally {
    driver.closeAll();
    for (const [, , session] of cases) session.close();
    await snmpd.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
