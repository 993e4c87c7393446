/** What a gateway's agent and the administration center say to each other. */
export * from './desired.js';
export * from './enrolment.js';
export type { FleetErrorCode } from './errors.js';
export * from './identity.js';
export * from './message.js';
export * from './orders.js';
export * from './possession.js';
export * from './report.js';
export * from './topics.js';
