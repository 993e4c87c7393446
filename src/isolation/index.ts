/** Bundles in other threads and processes: what crosses between two sides of a port. */
export { messagePort, processPort, type Port } from './port.js';
export { Peer, type PeerCounts, type PeerOptions, type RequestOptions } from './peer.js';
export type { RequestHandler } from './serving.js';
export { mustCross, whyLocal, type IsolationErrorCode } from './errors.js';
