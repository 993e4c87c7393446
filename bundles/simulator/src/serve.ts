import { SnmpAgent, type SnmpAgentOptions } from './agent.js';
import { readRecording, type RecordingProblem } from './recording.js';
import { ObjectTable } from './snmp/table.js';
import { Faults, type FaultSettings } from './faults.js';
import { recordedRows, recordedSwitching } from './recorded-switching.js';

export interface ServeOptions extends Omit<SnmpAgentOptions, 'write' | 'faults'> {
  /** SETs of outlet commands act on the table, as the profile that reads the recording says. */
  writable?: boolean;
  /** Faults from the start. */
  faults?: FaultSettings;
}

export interface ServedRecording {
  /** `snmp://127.0.0.1:16101` */
  address: string;
  port: number;
  /** Objects served. */
  size: number;
  /** Lines of the recording that were passed over or overridden. */
  problems: readonly RecordingProblem[];
  agent: SnmpAgent;
  /** Faults in force; they may be changed while it runs. Relays are those of generated PDUs alone. */
  faults: Faults;
  close(): Promise<void>;
}

/** Serves a recorded walk as an SNMP agent until `close`. */
export async function serveRecording(path: string, options: ServeOptions = {}): Promise<ServedRecording> {
  const { rows, problems } = await readRecording(path);
  const table = new ObjectTable();
  for (const { oid, value } of rows) table.set(oid, value);
  const { writable, faults: given = {}, ...rest } = options;
  const agent = new SnmpAgent({ ...rest, table, ...(writable ? { write: recordedSwitching(table) } : {}) });
  const read = recordedRows(table);
  const faults = new Faults({ agent, read, pdus: [], now: () => Date.now() / 1000 });
  faults.set(given);
  await agent.start();
  const { address, port } = agent;
  return { address, port, size: table.size, problems, agent, faults, close: () => agent.close() };
}
