import diagnostics from 'node:diagnostics_channel';
import { overlay } from './builtins.js';

type Name = string | symbol;
type OnMessage = (message: unknown, name: Name) => void;

/** `node:diagnostics_channel` whose subscriptions end with the space: channels belong to the process. */
export class OwnedChannels {
  readonly #subscriptions: { name: Name; onMessage: OnMessage }[] = [];
  #closed = false;
  readonly module: object;

  constructor() {
    const subscribe = (name: Name, onMessage: OnMessage): void => {
      if (this.#closed) return;
      diagnostics.subscribe(name, onMessage);
      this.#subscriptions.push({ name, onMessage });
    };
    const unsubscribe = (name: Name, onMessage: OnMessage): boolean => {
      const at = this.#subscriptions.findIndex((entry) => entry.name === name && entry.onMessage === onMessage);
      if (at >= 0) this.#subscriptions.splice(at, 1);
      return diagnostics.unsubscribe(name, onMessage);
    };
    const channel = (name: Name): diagnostics.Channel =>
      new Proxy(diagnostics.channel(name), {
        get(target, property) {
          if (property === 'subscribe') return (onMessage: OnMessage) => subscribe(name, onMessage);
          if (property === 'unsubscribe') return (onMessage: OnMessage) => unsubscribe(name, onMessage);
          const value: unknown = Reflect.get(target, property, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    this.module = overlay(diagnostics, { subscribe, unsubscribe, channel });
  }

  labels(): string[] {
    return this.#subscriptions.map(({ name }) => `diagnostics channel ${String(name)}`);
  }

  close(): void {
    this.#closed = true;
    for (const { name, onMessage } of this.#subscriptions.splice(0)) diagnostics.unsubscribe(name, onMessage);
  }
}
