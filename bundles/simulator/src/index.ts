/** SNMP agents that answer as PDUs do: recordings, and PDUs generated from the facts of a family's MIB. */
export { type AgentFaults, type AgentStatistics, SnmpAgent, type SnmpAgentOptions } from './agent.js';
export { parseRecording, readRecording, type Recording, type RecordingProblem } from './recording.js';
export { type ServedRecording, serveRecording, type ServeOptions } from './serve.js';
export { type FaultName, FAULTS, Faults, type FaultSettings, parseFaults } from './faults.js';
export { type Generation, generatedHall, Hall, type HallOptions, type HallPdu } from './hall.js';
export { recordedSwitching } from './recorded-switching.js';
export { ErrorStatus } from './snmp/pdu.js';
export { type LiveValue, ObjectTable } from './snmp/table.js';
export { type Notification, type NotificationTarget, Notifier } from './snmp/notifier.js';
export { type SnmpValue, Tag } from './snmp/value.js';
export { families, type GeneratedAgent, generatedAgent, type GeneratedAgentOptions } from './generated/agent.js';
export type { ExpectedPart, ExpectedReading, ExpectedUnit, GeneratedDevice } from './generated/device.js';
export { generatedPdu, GeneratedPduSchema } from './generated/component.js';
export { GeneratedPdu, type Measure, type OutletMemory, type Snapshot } from './generated/pdu.js';
