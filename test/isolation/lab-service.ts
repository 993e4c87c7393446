import { RackwattError } from 'rackwatt';
import type { Lab, Listener } from './lab.js';

class Odd {
  field = 1;
}

const FAILURES: Record<string, () => unknown> = {
  rackwatt: () =>
    new RackwattError('DEVICE_NO_ANSWER', 'Nothing came back.', {
      context: { address: 'snmp://192.0.2.1', tries: 3 },
      cause: Object.assign(new TypeError('the socket is closed'), { code: 'ECONNREFUSED', errno: -111 }),
    }),
  native: () => Object.assign(new RangeError('out of range'), { code: 'E_RANGE' }),
  named: () => Object.assign(new Error('a name of its own'), { name: 'OwnError' }),
  text: () => 'only a text',
  nothing: () => undefined,
  aggregate: () => new AggregateError([new Error('one'), new RackwattError('TWO', 'two')], 'both'),
  circular: () => {
    const error = new Error('its own cause');
    error.cause = error;
    return error;
  },
  oddContext: () => new RackwattError('ODD', 'odd', { context: { run: () => 1, odd: new Odd(), plain: 'kept' } }),
  odd: () => Object.create(null, { message: { get: () => FAILURES['text']!() } }) as unknown,
};

/** The same service on whichever side it runs. */
export function labService(): Lab {
  const listeners = new Set<Listener>();
  let stolen: Listener | undefined;
  let aborted = 0;
  let produced = 0;
  let finallies = 0;
  let given: ArrayBufferView[] = [];

  const untilAborted = (signal: AbortSignal) =>
    new Promise<string>((resolve) => {
      const done = () => {
        aborted++;
        resolve(String((signal.reason as Error).message ?? signal.reason));
      };
      if (signal.aborted) done();
      else signal.addEventListener('abort', done, { once: true });
    });
  const subscribe = (listener: Listener) => {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  };
  async function* counted<T>(make: (i: number) => T, to: number): AsyncGenerator<T> {
    try {
      for (let i = 0; i < to; i++) {
        produced++;
        yield make(i);
      }
    } finally {
      finallies++;
    }
  }
  const settled = async (count: number, listener: Listener) => {
    const answers: unknown[] = [];
    for (let i = 0; i < count; i++) answers.push(await listener(i));
    return answers;
  };

  const service: Omit<Lab, 'missing'> = {
    add: async (a, b) => a + b,
    echo: async (value) => value,
    kinds: async (...values) => values.map((value) => Object.prototype.toString.call(value)),
    fail: async (how) => {
      throw FAILURES[how]!();
    },
    unclonable: async (how) => (how === 'function' ? { nested: { run: () => 1 } } : { odd: new Odd() }),
    untilAborted: ({ signal }) => untilAborted(signal),
    untilAbortedBare: (signal) => untilAborted(signal),
    never: ({ signal } = {}) => {
      signal?.addEventListener('abort', () => void aborted++);
      return new Promise(() => undefined);
    },
    aborted: async () => aborted,
    each: settled,
    eachOption: ({ count, onValue }) => settled(count, onValue),
    async subscribe(listener) {
      const stop = subscribe(listener);
      return async () => stop();
    },
    async watch(listener, as) {
      const stop = subscribe(listener);
      const failing = () => {
        stop();
        throw new RackwattError('END_FAILED', 'It does not end well.');
      };
      const ways = {
        close: { close: stop },
        failing: { close: failing },
        dispose: { [Symbol.dispose]: stop },
        asyncDispose: { [Symbol.asyncDispose]: async () => stop() },
      };
      return { id: 7, ...ways[as] } as never;
    },
    async subscribeLate(ms) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return subscribe(() => undefined);
    },
    emit: async (value) => {
      const answers: unknown[] = [];
      for (const listener of listeners) answers.push(await listener(value));
      return answers;
    },
    subscribers: async () => listeners.size,
    steal: async (listener) => void (stolen = listener),
    callStolen: async () => stolen!(1),
    notifyStolen: async () => void stolen!(1),
    handOver: async (data) => {
      const first = ArrayBuffer.isView(data) ? (data as Float64Array) : (data as { values: Float64Array }).values;
      return first.reduce((sum, value) => sum + value, 0);
    },
    async readHandedOver(points) {
      const reading = { points: new Uint32Array(points).fill(3), values: new Float64Array(points).fill(1.5) };
      given = [reading.points, reading.values];
      return reading;
    },
    stillSees: async () => given.map(({ byteLength }) => byteLength),
    pooled: async () => Buffer.from('pooled'),
    exit: async () => process.exit(7),
    produced: async () => produced,
    finallies: async () => finallies,
    count: (to) => counted((i) => i, to),
    failing: async function* (after) {
      yield* counted((i) => i, after);
      throw FAILURES['rackwatt']!() as Error;
    },
    unclonableItems: () => counted<unknown>((i) => (i === 2 ? { run: () => 1 } : i), 5),
    unclonableAndFailing: async function* () {
      try {
        yield { run: () => 1 };
      } finally {
        await Promise.reject(new RackwattError('END_FAILED', 'It does not end well.'));
      }
    },
    signalled: async function* ({ signal }) {
      yield 'begun';
      yield await untilAborted(signal);
    },
    columns: (items) => counted((i) => new Float64Array(223).fill(i), items),
    notAStream: () => 5 as never,
  };
  return service as Lab;
}
