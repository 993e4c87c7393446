import { SnmpAgent, type SnmpAgentOptions } from './agent.js';
import { readRecording, type RecordingProblem } from './recording.js';
import { ObjectTable } from './snmp/table.js';
import { recordedSwitching } from './recorded-switching.js';

export interface ServeOptions extends Omit<SnmpAgentOptions, 'write'> {
  /** SETs of outlet commands act on the table, as the profile that reads the recording says. */
  writable?: boolean;
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
  close(): Promise<void>;
}

/** Serves a recorded walk as an SNMP agent until `close`. */
export async function serveRecording(path: string, options: ServeOptions = {}): Promise<ServedRecording> {
  const { rows, problems } = await readRecording(path);
  const table = new ObjectTable();
  for (const { oid, value } of rows) table.set(oid, value);
  const { writable, ...rest } = options;
  const agent = new SnmpAgent({ ...rest, table, ...(writable ? { write: recordedSwitching(table) } : {}) });
  await agent.start();
  return { address: agent.address, port: agent.port, size: table.size, problems, agent, close: () => agent.close() };
}
