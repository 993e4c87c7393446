import type { ChildProcess } from 'node:child_process';
import type { MessagePort, Transferable } from 'node:worker_threads';

/** A way to another thread or process: messages in order, and word of its end. */
export interface Port {
  /** Whether buffers can move to the other side; where they cannot, they are copied. */
  readonly transfers: boolean;
  /**
   * Sends a value by the structured clone algorithm. Sends nothing once the port is closed.
   * @throws what the algorithm throws; then nothing was sent
   */
  post(message: unknown, transfer?: readonly Transferable[]): void;
  /** Takes the one receiver of messages. Those that came before wait for it. */
  onMessage(receive: (message: unknown) => void): void;
  /** Takes the one listener for the end: closed here or there, or the other side ended. Heard once. */
  onClose(closed: () => void): void;
  close(): void;
}

/** One end of a `MessageChannel`, such as the one to a worker; it closes when the worker ends. */
export function messagePort(port: MessagePort): Port {
  return {
    transfers: true,
    post: (message, transfer) => port.postMessage(message, transfer),
    onMessage: (receive) => {
      port.on('messageerror', () => port.close());
      port.on('message', receive);
    },
    onClose: (closed) => port.once('close', closed),
    close: () => port.close(),
  };
}

/**
 * The channel between a process and its child, which was started with `serialization: 'advanced'`: the parent gives the
 * child, the child gives its own `process`.
 */
export function processPort(side: ChildProcess | NodeJS.Process): Port {
  return {
    transfers: false,
    post: (message) => {
      // A channel that breaks while this is written is told by `disconnect`.
      if (side.connected) side.send!(message as object, undefined, undefined, () => undefined);
    },
    onMessage: (receive) => void side.on('message', receive),
    onClose: (closed) => {
      if (side.connected) side.once('disconnect', closed);
      else setImmediate(closed);
    },
    close: () => {
      if (side.connected) side.disconnect!();
    },
  };
}
