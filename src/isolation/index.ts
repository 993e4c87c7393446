/** Bundles in other threads and processes: what crosses between two sides of a port. */
export { messagePort, processPort, type Port } from './port.js';
export { Peer, type PeerCounts, type PeerOptions, type RequestOptions } from './peer.js';
export type { RequestHandler } from './serving.js';
export { mustCross, whyLocal, type IsolationErrorCode } from './errors.js';
export { isolatedRun, IsolatedRuns } from './isolation.js';
export type { IsolatedRun, IsolationOptions } from './run.js';
export { isolationSettings, type IsolationSettings } from './settings.js';
export { parseCapabilities } from './capabilities.js';
