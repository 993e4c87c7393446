import { type Signal, signal } from '@preact/signals';
import { liveUrl } from './api.js';
import { heard } from './clock.js';
import type { ValueList, ValueView } from './node.js';

export type Link = 'connecting' | 'live' | 'waiting';

/** Whether values arrive, for the header. */
export const link = signal<Link>('connecting');

/** Values of a selection as they change: one signal a point, so that a change touches one cell. */
export class LiveValues {
  readonly #points = new Map<number, Signal<ValueView>>();
  /** Counts points that came: who lists points reads it. */
  readonly version = signal(0);
  readonly #query: Record<string, string>;
  readonly #onValues: ((values: readonly ValueView[]) => void) | undefined;
  #source: EventSource | undefined;
  #closed = false;
  readonly #visibility = () => (document.hidden ? this.#disconnect() : this.#connect());

  constructor(query: Record<string, string>, onValues?: (values: readonly ValueView[]) => void) {
    this.#query = query;
    this.#onValues = onValues;
    // Browsers keep six connections to a server: tabs that nobody sees leave theirs to the others.
    document.addEventListener('visibilitychange', this.#visibility);
    if (!document.hidden) this.#connect();
  }

  point(point: number): Signal<ValueView> | undefined {
    return this.#points.get(point);
  }

  all(): ValueView[] {
    return [...this.#points.values()].map((value) => value.peek());
  }

  take(values: readonly ValueView[]): void {
    let added = false;
    for (const value of values) {
      const known = this.#points.get(value.point);
      if (!known) {
        this.#points.set(value.point, signal(value));
        added = true;
      } else if (value.time >= known.peek().time) known.value = value;
    }
    if (added) this.version.value++;
    this.#onValues?.(values);
  }

  close(): void {
    this.#closed = true;
    document.removeEventListener('visibilitychange', this.#visibility);
    this.#disconnect();
  }

  #connect(): void {
    if (this.#source) return;
    const source = new EventSource(liveUrl(this.#query));
    this.#source = source;
    const message = (event: MessageEvent<string>) => {
      const { time, values } = JSON.parse(event.data) as ValueList;
      heard(time);
      link.value = 'live';
      this.take(values);
    };
    source.addEventListener('snapshot', message);
    source.addEventListener('values', message);
    source.onerror = () => {
      link.value = 'waiting';
      // An answer other than a stream ends the browser's own tries.
      if (source.readyState !== EventSource.CLOSED) return;
      this.#disconnect();
      setTimeout(() => document.hidden || this.#source || this.#closed || this.#connect(), 3000);
    };
  }

  #disconnect(): void {
    this.#source?.close();
    this.#source = undefined;
  }
}
