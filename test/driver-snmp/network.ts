import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { ObjectTable, parseRecording, SnmpAgent, type SnmpAgentOptions } from '@rackwatt/simulator';
import { raritan } from './support.js';

/** Agents at hosts of one loopback network, all on one port, which is free there. */
export async function network(t: TestContext, hosts: Record<string, { recording?: string } & SnmpAgentOptions>) {
  const free = createSocket('udp4').bind(0, '127.0.9.0');
  await once(free, 'listening');
  const { port } = free.address();
  free.close();
  const agents: Record<string, SnmpAgent> = {};
  for (const [host, { recording = raritan(1), ...options }] of Object.entries(hosts)) {
    const table = new ObjectTable();
    for (const { oid, value } of parseRecording(recording).rows) table.set(oid, value);
    agents[host] = new SnmpAgent({ ...options, host, port, table });
    await agents[host].start();
    t.after(() => agents[host]!.close());
  }
  return { port, agents };
}
