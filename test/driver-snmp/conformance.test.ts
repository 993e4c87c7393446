import { snmpDriver } from '@rackwatt/driver-snmp';
import { driverConformance, type TestPoint } from '@rackwatt/telemetry/testing';
import { ObjectTable, SnmpAgent, Tag } from '@rackwatt/simulator';
import { agentOf, raritan } from './support.js';

const R = '1.3.6.1.4.1.13742.6';
/** Sensor types of PDU2-MIB and the digits with which `raritan` has them. */
const TYPES = { 'current.rms': [1, 3], 'power.active': [5, 0] } as const;
const outletOf = (part: string): number => Number(part.slice('outlet/'.length));
const typeOf = (metric: string) => TYPES[metric as keyof typeof TYPES];

driverConformance({
  driver: snmpDriver,
  configuration: { timeout: 300, retries: 1 },
  wrongAddresses: ['snmp://', 'http://host', 'snmp://host:99999'],
  async device(t) {
    const table = new ObjectTable();
    let agent = await agentOf(t, raritan(3), {}, table);
    const before = new Map(Array.from(table.oids(), (oid) => [oid, table.value(oid)!] as const));
    const { address } = agent;
    return {
      target: { address, profile: 'auto', timeout: 300, retries: 1 },
      points: [1, 2, 3].flatMap((outlet): TestPoint[] => [
        { part: `outlet/${outlet}`, metric: 'current.rms', value: (1000 + outlet) / 1000 },
        { part: `outlet/${outlet}`, metric: 'power.active', value: 200 + outlet },
      ]),
      set({ part, metric }, value) {
        const [type, digits] = typeOf(metric);
        table.set(`${R}.5.4.3.1.4.1.${outletOf(part)}.${type}`, {
          type: Tag.Gauge32,
          value: Math.round(value * 10 ** digits),
        });
      },
      silent: () => void (agent.faults = { silent: true }),
      late: (latency) => void (agent.faults = { latency }),
      rubbish: () => void (agent.faults = { garbage: true }),
      noValue: ({ part, metric }) =>
        table.set(`${R}.5.4.3.1.2.1.${outletOf(part)}.${typeOf(metric)[0]}`, { type: Tag.Integer, value: 2 }),
      missing(part) {
        const row = new RegExp(`^${R.replaceAll('.', '\\.')}\\.5\\.4\\.3\\.1\\.[34]\\.1\\.${outletOf(part)}\\.`);
        for (const oid of table.oids())
          if (row.test(oid)) table.set(oid, () => ({ type: Tag.NoSuchInstance, value: 0 }));
      },
      async reboot() {
        await agent.close();
        agent = new SnmpAgent({ table, port: Number(address.split(':').at(-1)) });
        await agent.start();
        const restarted = agent;
        t.after(() => restarted.close());
      },
      heal() {
        agent.faults = {};
        for (const [oid, value] of before) table.set(oid, value);
      },
    };
  },
});
