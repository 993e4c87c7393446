/** Bundles in other threads and processes: what crosses between two sides of a port. */
export { messagePort, processPort, type Port } from './port.js';
export type { Peer, PeerOptions, RequestHandler, RequestOptions } from './peer.js';
