import { processShared } from '../errors.js';
import { attributeError } from '../origin.js';

type Listener = (...args: unknown[]) => void;

/** `process` as modules of a space see it: the real one, with listeners that end with the space. */
export class OwnedProcess {
  readonly #listeners: { event: string | symbol; listener: Listener; added: Listener }[] = [];
  #closed = false;
  readonly process: NodeJS.Process;

  /**
   * @param alone nobody else runs in this process: it may be ended, but the way to the node is not for its eyes
   * @param builtin a built-in module as the space sees it
   */
  constructor(label: string, alone: boolean, builtin: (id: string) => unknown) {
    const adder =
      (method: 'on' | 'prependListener', once: boolean) =>
      (event: string | symbol, listener: Listener): NodeJS.Process => {
        this.#add(method, event, listener, once);
        return this.process;
      };
    const remove = (event: string | symbol, listener: Listener): NodeJS.Process => {
      const at = this.#listeners.findLastIndex((entry) => entry.event === event && entry.listener === listener);
      if (at >= 0) this.#listeners.splice(at, 1);
      process.off(event as 'exit', listener);
      return this.process;
    };
    const removeAll = (event?: string | symbol): NodeJS.Process => {
      this.#removeAll(event);
      return this.process;
    };
    const overrides: Record<string, unknown> = {
      on: adder('on', false),
      addListener: adder('on', false),
      once: adder('on', true),
      prependListener: adder('prependListener', false),
      prependOnceListener: adder('prependListener', true),
      off: remove,
      removeListener: remove,
      removeAllListeners: removeAll,
      getBuiltinModule: (id: string) => process.getBuiltinModule(id) && builtin(id.replace(/^node:/, '')),
      ...(alone ? HIDDEN : refusals(label)),
    };
    this.process = Object.create(
      process,
      Object.fromEntries([
        ...Object.entries(overrides).map(([name, value]) => [name, { value, writable: true, configurable: true }]),
        // The status of the node is the node's.
        ['exitCode', { value: undefined, writable: true, configurable: true }],
        ['title', { get: () => process.title, set: (title: string) => (process.title = title), configurable: true }],
      ]),
    ) as NodeJS.Process;
  }

  #add(method: 'on' | 'prependListener', event: string | symbol, listener: Listener, once: boolean): void {
    if (this.#closed) return;
    const entry = { event, listener, added: listener };
    if (once) {
      entry.added = (...args) => {
        this.process.off(event as 'exit', listener);
        listener.apply(process, args);
      };
      // Node looks at this property to take off a listener that was wrapped.
      (entry.added as Listener & { listener: Listener }).listener = listener;
    }
    process[method](event as 'exit', entry.added);
    this.#listeners.push(entry);
  }

  /** Takes off the listeners of this space alone: those of others are not its business. */
  #removeAll(event?: string | symbol): void {
    for (const entry of this.#listeners.filter((candidate) => event === undefined || candidate.event === event)) {
      process.off(entry.event as 'exit', entry.added);
      this.#listeners.splice(this.#listeners.indexOf(entry), 1);
    }
  }

  labels(): string[] {
    return this.#listeners.map(({ event }) => `process.on ${String(event)}`);
  }

  close(): void {
    this.#closed = true;
    this.#removeAll();
  }
}

/** The channel between a process of its own and the node. */
const HIDDEN: Record<string, unknown> = {
  send: undefined,
  disconnect: undefined,
  channel: undefined,
  connected: false,
};

/** What would end, move or disown the process of everybody. */
const REFUSED = [
  'exit',
  'reallyExit',
  'abort',
  'chdir',
  'disconnect',
  'setUncaughtExceptionCaptureCallback',
  'setuid',
  'seteuid',
  'setgid',
  'setegid',
  'setgroups',
  'initgroups',
  'execve',
];

function refusals(label: string): Record<string, unknown> {
  const refuse = (name: string, args: readonly unknown[]): never => {
    const error = processShared(label, `process.${name}(${args.map(String).join(', ')})`);
    // Given away as a callback, it is called without a frame of the bundle.
    attributeError(error, label);
    throw error;
  };
  const refused = REFUSED.filter((name) => name in process);
  return {
    ...Object.fromEntries(refused.map((name) => [name, (...args: unknown[]) => refuse(name, args)])),
    kill(pid: number, signal?: string | number): true {
      // Zero and negative numbers are groups, and this process may be in each of them.
      if (signal !== 0 && !(pid > 0 && pid !== process.pid))
        refuse('kill', signal === undefined ? [pid] : [pid, signal]);
      return process.kill(pid, signal);
    },
    umask(...args: [] | [string | number]): number {
      if (args.length > 0 && args[0] !== undefined) refuse('umask', args);
      return process.umask();
    },
  };
}
