import type { Carrier } from './carry.js';
import { failureOf } from './failures.js';
import { FRAME } from './messages.js';
import type { Port } from './port.js';

/** A batch with so many fields leaves at once: the other side begins while this one goes on. */
const LONGEST = 1024;

/** Gathers the frames of a turn and sends them as one message, so that many small calls cost little more than one. */
export class Outgoing {
  readonly #port: Port;
  readonly #broken: (error: unknown) => void;
  #batch: unknown[] = [];
  #scheduled = false;
  #closed = false;
  readonly #flush = (): void => {
    this.#scheduled = false;
    try {
      this.flush();
    } catch (error) {
      this.#broken(error);
    }
  };

  /** @param broken told when the port takes no messages */
  constructor(port: Port, broken: (error: unknown) => void) {
    this.#port = port;
    this.#broken = broken;
  }

  get transfers(): boolean {
    return this.#port.transfers;
  }

  /** Sends a frame at the end of the turn. Nobody may be able to change its values meanwhile. */
  frame(...fields: readonly unknown[]): void {
    const batch = this.#batch;
    for (let i = 0; i < fields.length; i++) batch.push(fields[i]);
    if (batch.length >= LONGEST) this.#flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      // After the microtasks, in which most answers of a turn and the calls that follow them are made.
      process.nextTick(this.#flush);
    }
  }

  /**
   * Sends a frame with what was carried, moved where it can move and else copied: at once when its values could be changed while they wait.
   * @throws what the clone algorithm throws; nothing of the frame was sent
   */
  carried(carrier: Carrier | undefined, ...fields: readonly unknown[]): void {
    if (carrier === undefined || carrier.flat) return this.frame(...fields);
    const start = this.#batch.length;
    try {
      for (const field of fields) this.#batch.push(field);
      this.#now(carrier.transfer);
    } catch (error) {
      this.#batch.length = start;
      throw error;
    }
  }

  failure(number: number, error: unknown): void {
    this.frame(FRAME.failure, number, failureOf(error));
  }

  #now(transfer: ArrayBuffer[] | undefined): void {
    if (transfer === undefined) return this.flush();
    try {
      this.flush(transfer);
    } catch {
      // Some memory cannot move, such as that of WebAssembly; nothing tells beforehand.
      this.flush();
    }
  }

  flush(transfer?: ArrayBuffer[]): void {
    const batch = this.#batch;
    if (batch.length === 0) return;
    if (!this.#closed) this.#port.post(batch, transfer);
    this.#batch = [];
  }

  /** Sends nothing from now on. */
  close(): void {
    this.#closed = true;
    this.#batch = [];
  }
}
