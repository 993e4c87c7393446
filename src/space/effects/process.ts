type Listener = (...args: unknown[]) => void;

/** `process` as modules of a space see it: the real one, with listeners that end with the space. */
export class OwnedProcess {
  readonly #listeners: { event: string | symbol; listener: Listener; added: Listener }[] = [];
  #closed = false;
  readonly process: NodeJS.Process;

  constructor() {
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
    };
    this.process = Object.create(
      process,
      Object.fromEntries([
        ...Object.entries(overrides).map(([name, value]) => [name, { value, writable: true, configurable: true }]),
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
