import { RackwattError } from '../errors.js';
import type { Contract } from '../registry/contract.js';
import { CallbackAnswer } from './callback-answer.js';
import { Calls, type Operation } from './calls.js';
import { Carrier } from './carry.js';
import { CALL_TIMEOUT } from './deadlines.js';
import { callbackReleased, isolationError, mustCross } from './errors.js';
import { errorOf } from './failures.js';
import type { BorrowedCallback } from './handles.js';
import { FRAME, Frames, protocolError } from './messages.js';
import { Outgoing } from './outgoing.js';
import type { Port } from './port.js';
import { remoteStub } from './remote-stub.js';
import { type RequestHandler, Serving } from './serving.js';
import { Consumers, WINDOW } from './streams.js';
import { ALL_WAYS } from './subscriptions.js';

export interface PeerOptions {
  /** Names the other side in errors and stacks, such as `driver-snmp (worker)`. */
  label: string;
  /** The most that a call may take where neither its contract nor the request says, ms; 0: no limit. 60,000 if absent. */
  callTimeout?: number;
  /** Told once, when every call that waited was rejected. `reason` is `PEER_GONE`, or `PEER_PROTOCOL`. */
  onClose?: (reason: RackwattError) => void;
  /**
   * Takes what nobody waits for: a callback over there that failed, a stream or subscription here that failed as it was ended, a
   * listener of `tell` that threw. An unhandled rejection if absent.
   */
  onError?: (error: unknown) => void;
}

export interface RequestOptions {
  /** Aborts the signal of the handler over there, and rejects here at once with the signal's reason. */
  signal?: AbortSignal;
  /** ms; 0: no limit. */
  timeout?: number;
}

/** What a peer holds at the moment, for leak checks and for people. */
export interface PeerCounts {
  /** Calls of this side that wait for an answer. */
  calls: number;
  /** Functions of this side that the other may call. */
  callbacks: number;
  /** Subscriptions of this side at services over there that lent something. */
  subscriptions: number;
  /** Streams that this side reads. */
  consumers: number;
  /** Calls in progress here that brought callbacks or signals, and subscriptions that keep them. */
  borrowed: number;
  /** What calls gave to the other side that lives until it is ended. */
  kept: number;
  /** Streams that the other side reads. */
  producers: number;
  /** Services that the other side may call. */
  exposed: number;
}

/** How a frame of each kind is read. */
let READ: Readonly<Record<number, (peer: Peer, frames: Frames) => void>>;

/**
 * One side of a port between two containers: calls services of the other side through stubs, and lets it call the
 * services that were exposed to it.
 *
 * Handlers and exposed services are in place before the other side's first message when they are added in the turn
 * that made the peer.
 */
export class Peer {
  readonly #port: Port;
  readonly #options: PeerOptions;
  readonly #timeout: number;
  readonly #out: Outgoing;
  readonly #calls: Calls;
  readonly #consumers: Consumers;
  readonly #serving: Serving;
  readonly #listeners = new Map<string, Set<(body: unknown) => void>>();
  #closed = false;

  constructor(port: Port, options: PeerOptions) {
    this.#port = port;
    this.#options = options;
    this.#timeout = options.callTimeout ?? CALL_TIMEOUT;
    const { label } = options;
    const unheard = (error: unknown) => this.#unheard(error);
    this.#out = new Outgoing(port, (error) => this.#end('its port takes no messages', error));
    this.#calls = new Calls(this.#out, { label, timeout: this.#timeout, unheard });
    this.#consumers = new Consumers(this.#out, this.#calls);
    const callback = (borrowed: BorrowedCallback) => this.#callback(borrowed);
    this.#serving = new Serving(this.#out, this.#calls, { label, callback, unheard });
    port.onClose(() => this.#end('it ended'));
    port.onMessage((message) => this.#receive(message));
  }

  get label(): string {
    return this.#options.label;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get counts(): PeerCounts {
    return {
      calls: this.#calls.pending,
      callbacks: this.#calls.callbacks.size,
      subscriptions: this.#calls.subscriptions,
      consumers: this.#consumers.size,
      ...this.#serving.counts,
    };
  }

  /**
   * Lets the other side call a service.
   * @returns the handle that the other side gives to `stub`
   * @throws CONTRACT_LOCAL
   */
  expose(contract: Contract<unknown>, service: object): number {
    return this.#serving.expose(contract, service);
  }

  /** Ends an exposure: calls in flight finish, further ones reject with `SERVICE_GONE`. */
  withdraw(handle: number): void {
    this.#serving.withdraw(handle);
  }

  /**
   * A service of the other side. Its calls reject with `CALL_TIMEOUT`, `CALL_UNCLONABLE`, `PEER_GONE`, `SERVICE_GONE`,
   * `SERVICE_METHOD_ABSENT`, or what the service threw.
   * @throws CONTRACT_LOCAL
   */
  stub<T>(contract: Contract<T>, handle: number): T {
    mustCross(contract);
    return remoteStub(contract, handle, this.#calls, this.#consumers, this.#timeout);
  }

  /**
   * Asks a handler of the other side. Rejects with `REQUEST_UNKNOWN` when there is none, `CALL_TIMEOUT`, `CALL_UNCLONABLE`,
   * `PEER_GONE`, or what the handler threw.
   */
  request(name: string, body?: unknown, { signal, timeout = this.#timeout }: RequestOptions = {}): Promise<unknown> {
    const title = `the request "${name}"`;
    const operation: Operation = { kind: FRAME.request, target: [name], title, moves: false, timeout };
    return this.#calls.invoke(operation, [body], signal);
  }

  /** Answers requests of that name, instead of who did before. @returns undoes it */
  handle(name: string, handler: RequestHandler): () => void {
    return this.#serving.handle(name, handler);
  }

  /** Sends without an answer; what nobody listens for is dropped there. @throws CALL_UNCLONABLE */
  tell(name: string, body?: unknown): void {
    const carrier = new Carrier({ title: `what is told as "${name}"`, moves: false }, this.#port.transfers);
    try {
      this.#out.carried(carrier, FRAME.tell, name, carrier.carry(body, 'its body'));
    } catch (error) {
      throw carrier.refused(error, 'its body');
    }
  }

  /** Hears what the other side tells. @returns undoes it */
  onTell(name: string, listener: (body: unknown) => void): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /**
   * Every pending call of both sides rejects with `PEER_GONE`, every stream ends with it, every callback is released, and
   * what was kept for the other side is ended.
   * @param reason ends the sentence "... is gone:" on both sides
   */
  close(reason = 'it was closed'): void {
    if (this.#closed) return;
    this.#bye(reason);
    this.#end(reason);
  }

  #bye(reason: string): void {
    this.#out.frame(FRAME.bye, reason);
    try {
      this.#out.flush();
    } catch (error) {
      this.#unheard(error);
    }
  }

  #receive(message: unknown): void {
    if (this.#closed) return;
    try {
      const frames = new Frames(message);
      while (frames.more && !this.#closed) {
        const read = READ[frames.integer(1)];
        if (!read) throw protocolError('it has a frame of an unknown kind');
        read(this, frames);
      }
    } catch (error) {
      this.#bye('it got a malformed message');
      this.#end('it sent a malformed message', error);
    }
  }

  static {
    READ = {
      [FRAME.call]: (peer, frames) =>
        peer.#serving.call(frames.integer(1), frames.integer(1), frames.text(), frames.loans(), frames.arguments()),
      [FRAME.callback]: (peer, frames) =>
        peer.#serving.callback(frames.integer(1), frames.integer(1), frames.loans(), frames.arguments()),
      [FRAME.request]: (peer, frames) =>
        peer.#serving.request(frames.integer(1), frames.text(), frames.loans(), frames.arguments()),
      [FRAME.tell]: (peer, frames) => peer.#told(frames.text(), frames.any()),
      [FRAME.result]: (peer, frames) => peer.#calls.result(frames.integer(1), frames.any()),
      [FRAME.failure]: (peer, frames) => peer.#failure(frames.integer(1), errorOf(frames.any(), peer.label)),
      [FRAME.keep]: (peer, frames) =>
        peer.#calls.keep(frames.integer(1), frames.integer(1), frames.integer(1, ALL_WAYS), frames.record()),
      [FRAME.end]: (peer, frames) =>
        peer.#serving.end(frames.integer(0), frames.integer(1), frames.integer(1, ALL_WAYS)),
      [FRAME.abort]: (peer, frames) =>
        peer.#serving.abort(frames.integer(1), frames.integer(-1), errorOf(frames.any(), peer.label)),
      [FRAME.open]: (peer, frames) =>
        peer.#serving.open(frames.integer(1), frames.integer(1), frames.text(), frames.loans(), frames.arguments()),
      [FRAME.item]: (peer, frames) => peer.#consumers.item(frames.integer(1), frames.any()),
      [FRAME.done]: (peer, frames) => peer.#consumers.done(frames.integer(1)),
      [FRAME.credit]: (peer, frames) => peer.#serving.credit(frames.integer(1), frames.integer(1, WINDOW)),
      [FRAME.return]: (peer, frames) => peer.#serving.return(frames.integer(1)),
      [FRAME.bye]: (peer, frames) => peer.#end(frames.text()),
    };
  }

  #failure(number: number, error: unknown): void {
    if (!this.#consumers.failure(number, error)) this.#calls.failure(number, error);
  }

  #told(name: string, body: unknown): void {
    for (const listener of this.#listeners.get(name) ?? []) {
      try {
        listener(body);
      } catch (error) {
        this.#unheard(error);
      }
    }
  }

  #callback(borrowed: BorrowedCallback): (...args: unknown[]) => CallbackAnswer {
    const { handle, title } = borrowed;
    const operation: Operation = {
      kind: FRAME.callback,
      target: [handle],
      title,
      moves: false,
      timeout: this.#timeout,
    };
    return (...args) => {
      const answer = borrowed.released ? Promise.reject(callbackReleased(title)) : this.#calls.invoke(operation, args);
      return CallbackAnswer.of(answer, (error) => this.#unheard(error));
    };
  }

  #end(why: string, cause?: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    const { label, onClose } = this.#options;
    const context = { label };
    const gone = () => isolationError('PEER_GONE', `${label} is gone: ${why}.`, context, cause);
    this.#out.close();
    this.#port.close();
    this.#calls.close(gone);
    this.#consumers.close(gone);
    this.#serving.close(gone());
    this.#listeners.clear();
    const malformed = cause instanceof RackwattError && cause.code === 'PEER_PROTOCOL';
    const reason = malformed
      ? isolationError('PEER_PROTOCOL', `${label} was cut off. ${cause.message}`, context, cause)
      : gone();
    try {
      onClose?.(reason);
    } catch (error) {
      this.#unheard(error);
    }
  }

  /** What a closed peer leaves unheard is only that it is gone, which `onClose` was told. */
  #unheard(error: unknown): void {
    if (error instanceof RackwattError && error.code === 'PEER_GONE') return;
    const { onError } = this.#options;
    if (onError) onError(error);
    else void Promise.reject(error as Error);
  }
}
