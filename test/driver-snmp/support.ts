import type { TestContext } from 'node:test';
import { type OpenDevice, type ProbeResult, qualityText, type Reading, STATES } from '@rackwatt/telemetry';
import { ObjectTable, parseRecording, SnmpAgent, type SnmpAgentOptions } from '@rackwatt/simulator';
import { SnmpDriver } from '@rackwatt/driver-snmp';

/** A running agent that answers from lines of a recording; closed with the test. */
export async function agentOf(
  t: TestContext,
  recording: string,
  options: SnmpAgentOptions = {},
  table = new ObjectTable(),
): Promise<SnmpAgent> {
  const { rows, problems } = parseRecording(recording);
  if (problems.length > 0) throw new RangeError(`the recording of the test is wrong: ${JSON.stringify(problems)}`);
  for (const { oid, value } of rows) table.set(oid, value);
  const agent = new SnmpAgent({ ...options, table });
  await agent.start();
  t.after(() => agent.close());
  return agent;
}

/** A driver whose sessions are closed with the test. */
export function driverFor(t: TestContext, options: ConstructorParameters<typeof SnmpDriver>[0] = {}): SnmpDriver {
  const driver = new SnmpDriver({ timeout: 400, retries: 1, ...options });
  t.after(() => driver.closeAll());
  return driver;
}

export interface Value {
  value: number | string | null;
  unit: string;
  quality: string;
  basis?: string;
}

/** Values of a reading by `part metric`. */
export function valuesOf(description: Pick<OpenDevice, 'points'>, reading: Reading): Map<string, Value> {
  const values = new Map<string, Value>();
  for (const [i, point] of reading.points.entries()) {
    const { part, metric, unit, basis } = description.points[point]!;
    const number = reading.values[i]!;
    const value = reading.states[i] === 0 ? (Number.isNaN(number) ? null : number) : STATES[reading.states[i]!]!;
    values.set(`${part} ${metric}`, {
      value,
      unit,
      quality: qualityText(reading.quality[i]!),
      ...(basis ? { basis } : {}),
    });
  }
  return values;
}

export function probed(result: ProbeResult): Map<string, Value> {
  return valuesOf(result, result.reading);
}

/** The system group of an agent that says it is this. */
export function system(sysObjectId: string, sysDescr = 'a PDU'): string {
  return `1.3.6.1.2.1.1.1.0|4|${sysDescr}\n1.3.6.1.2.1.1.2.0|6|${sysObjectId}\n1.3.6.1.2.1.1.3.0|67|100\n`;
}

const R = '1.3.6.1.4.1.13742.6';

/** A Raritan PX with `outlets` outlets of current (3 digits), power and state, from the facts of PDU2-MIB. */
export function raritan(outlets = 2): string {
  let lines = `${system(R)}${R}.3.2.1.1.3.1|4|PX3-TEST\n${R}.3.2.1.1.4.1|4|SER1\n`;
  for (let o = 1; o <= outlets; o++) {
    for (const [type, digits, value, state] of [
      [1, 3, 1000 + o, 4],
      [5, 0, 200 + o, 4],
      [14, 0, 0, 7],
    ]) {
      lines += `${R}.3.5.4.1.7.1.${o}.${type}|66|${digits}\n${R}.5.4.3.1.2.1.${o}.${type}|2|1\n`;
      lines += `${R}.5.4.3.1.3.1.${o}.${type}|2|${state}\n${R}.5.4.3.1.4.1.${o}.${type}|66|${value}\n`;
    }
    lines += `${R}.3.5.3.1.2.1.${o}|4|${o}\n${R}.3.5.3.1.28.1.${o}|2|1\n${R}.4.1.2.1.2.1.${o}|2|1\n`;
  }
  return lines;
}
