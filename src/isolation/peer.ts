import type { Contract } from '../registry/contract.js';
import type { RackwattError } from '../errors.js';

export interface PeerOptions {
  /** Names the other side in errors and stacks, such as `driver-snmp (worker)`. */
  label: string;
  /** The most that a call may take where neither its contract nor the request says, ms; 0: no limit. 60,000 if absent. */
  callTimeout?: number;
  /** Told once, after every call that waited was rejected. `reason` is `PEER_GONE`, or `PEER_PROTOCOL`. */
  onClose?: (reason: RackwattError) => void;
  /** Takes what nobody waits for: a failing `[Symbol.dispose]`, a failing receiver of `tell`. Thrown as a rejection if absent. */
  onError?: (error: unknown) => void;
}

export interface RequestOptions {
  /** Aborts the signal of the handler over there, and rejects here at once with the signal's reason. */
  signal?: AbortSignal;
  /** ms; 0: no limit. */
  timeout?: number;
}

/** Answers requests of the other side. */
export type RequestHandler = (body: unknown, options: { signal: AbortSignal }) => unknown;

/**
 * One side of a port between two containers: calls services of the other side through stubs, and lets it call the
 * services that were exposed to it.
 *
 * Made by `new Peer(port: Port, options: PeerOptions)`.
 *
 * Handlers and exposed services are in place before the other side's first message when they are added in the turn
 * that made the peer.
 */
export interface Peer {
  readonly label: string;
  readonly closed: boolean;
  /**
   * Lets the other side call a service.
   * @returns the handle that the other side gives to `stub`
   * @throws CONTRACT_LOCAL
   */
  expose(contract: Contract<unknown>, service: object): number;
  /** Ends an exposure: calls in flight finish, further ones reject with `SERVICE_GONE`. */
  withdraw(handle: number): void;
  /**
   * A service of the other side. Its calls reject with `CALL_TIMEOUT`, `PEER_GONE`, `SERVICE_GONE`, or what the service threw.
   * @throws CONTRACT_LOCAL
   */
  stub<T>(contract: Contract<T>, handle: number): T;
  /** Asks a handler of the other side. Rejects with `REQUEST_UNKNOWN` when there is none, `CALL_TIMEOUT`, `PEER_GONE`, or what the handler threw. */
  request(name: string, body?: unknown, options?: RequestOptions): Promise<unknown>;
  /** Answers requests of that name. @returns undoes it */
  handle(name: string, handler: RequestHandler): () => void;
  /** Sends without an answer; what nobody listens for is dropped there. */
  tell(name: string, body?: unknown): void;
  /** Hears what the other side tells. @returns undoes it */
  onTell(name: string, listener: (body: unknown) => void): () => void;
  /** Every pending call of both sides rejects with `PEER_GONE`, every stream ends with it, every callback is released. */
  close(reason?: string): void;
}
