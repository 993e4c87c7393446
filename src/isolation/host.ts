import type { ErrorRecord } from '../errors.js';
import type { Port } from './port.js';

/** How a child ended. */
export interface Departure {
  readonly code: number | null;
  readonly signal: string | null;
  /** What nobody in it caught, where it could still tell. */
  readonly error?: ErrorRecord;
  /** It reached the limit of its heap. */
  readonly outOfMemory: boolean;
}

/** What a child uses now. */
export interface Usage {
  /** Bytes of JavaScript heap; of a process all that it holds. */
  readonly memory: number;
  /** ms of processor time since it was made. */
  readonly processorTime: number;
}

/** A worker thread or a process in which one revision of a bundle runs. */
export interface Host {
  /** `thread 7`, `process 4711`. */
  readonly place: string;
  readonly port: Port;
  /** Settles when it ended, however that came about; never rejects. */
  readonly gone: Promise<Departure>;
  /** Undefined once it is gone, or where the system does not tell. */
  usage(): Promise<Usage | undefined>;
  /** Ends it at once, whatever it is doing. */
  kill(): void;
  /** It was killed and hangs all the same: nobody waits for it any more, not even the process when it ends. */
  giveUp(): void;
}

/** What a host is made with. */
export interface HostOptions {
  /** Name of the bundle. */
  readonly name: string;
  /** Bytes. */
  readonly heap: number;
  /** A line that the child wrote to its standard output or error. */
  line(stream: 'stdout' | 'stderr', text: string): void;
}
