import { contract } from 'rackwatt';

export type Listener = (value: unknown) => unknown;

/** A service with everything that may cross. */
export interface Lab {
  add(a: number, b: number): Promise<number>;
  echo(value?: unknown): Promise<unknown>;
  /** What kind of thing each argument is over there. */
  kinds(...values: unknown[]): Promise<string[]>;
  fail(how: string): Promise<never>;
  unclonable(how: string): Promise<unknown>;
  /** Settles when the signal aborts, with its reason. */
  untilAborted(options: { signal: AbortSignal }): Promise<string>;
  untilAbortedBare(signal: AbortSignal): Promise<string>;
  never(options?: { signal?: AbortSignal }): Promise<void>;
  /** How many signals that it was given have aborted. */
  aborted(): Promise<number>;
  each(count: number, listener: Listener): Promise<unknown[]>;
  eachOption(options: { count: number; onValue: Listener }): Promise<unknown[]>;
  subscribe(listener: Listener): Promise<() => Promise<void>>;
  watch(
    listener: Listener,
    as: 'close' | 'dispose' | 'asyncDispose' | 'failing',
  ): Promise<{ id: number; close(): Promise<void> } & Disposable & AsyncDisposable>;
  /** Gives a subscription so late that nobody waits any more. */
  subscribeLate(ms: number): Promise<() => void>;
  emit(value: unknown): Promise<unknown[]>;
  subscribers(): Promise<number>;
  /** Keeps a callback that it has no right to keep. */
  steal(listener: Listener): Promise<void>;
  callStolen(): Promise<unknown>;
  /** Calls it and does not wait. */
  notifyStolen(): Promise<void>;
  handOver(data: unknown): Promise<number>;
  readHandedOver(points: number): Promise<{ points: Uint32Array; values: Float64Array }>;
  /** Bytes of its last two results that it can still see. */
  stillSees(): Promise<number[]>;
  pooled(): Promise<Uint8Array>;
  exit(): Promise<never>;
  missing(): Promise<void>;
  produced(): Promise<number>;
  finallies(): Promise<number>;
  count(to: number): AsyncIterable<number>;
  failing(after: number): AsyncIterable<number>;
  unclonableItems(): AsyncIterable<unknown>;
  /** Throws as it is ended, besides. */
  unclonableAndFailing(): AsyncIterable<unknown>;
  signalled(options: { signal: AbortSignal }): AsyncIterable<string>;
  columns(items: number): AsyncIterable<Float64Array>;
  notAStream(options: { signal: AbortSignal }): AsyncIterable<number>;
}

export const Lab = contract<Lab>('test/Lab', {
  major: 1,
  methods: [
    ...([
      'add',
      'echo',
      'kinds',
      'fail',
      'unclonable',
      'untilAborted',
      'untilAbortedBare',
      'never',
      'aborted',
    ] as const),
    ...(['each', 'eachOption', 'subscribe', 'watch', 'subscribeLate', 'emit', 'subscribers', 'steal'] as const),
    ...([
      'callStolen',
      'notifyStolen',
      'handOver',
      'readHandedOver',
      'stillSees',
      'pooled',
      'exit',
      'missing',
    ] as const),
    ...(['produced', 'finallies'] as const),
  ],
  streams: ['count', 'failing', 'unclonableItems', 'unclonableAndFailing', 'signalled', 'columns', 'notAStream'],
  transfers: ['handOver', 'readHandedOver', 'columns'],
});
