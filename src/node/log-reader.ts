import type { LogEntry, LogLevel, LogReader } from '../bundle/index.js';
import type { ErrorRecord } from '../errors.js';
import type { LogLine, Logs } from './logs.js';

/** Names of pino's levels; what bundles cannot write is its neighbour. */
const NAMES: readonly (readonly [least: number, name: LogLevel])[] = [
  [50, 'error'],
  [40, 'warn'],
  [30, 'info'],
];
const LEASTS: Readonly<Record<LogLevel, number>> = { debug: 0, info: 30, warn: 40, error: 50 };

/** The node's log as bundles read it. */
export function logReader(logs: Logs): LogReader {
  return {
    // oxlint-disable-next-line typescript/require-await -- methods of contracts are asynchronous
    async recent({ count = 100, level = 'debug' } = {}) {
      const found = logs.recent().filter((line) => line.level >= LEASTS[level]);
      return found.slice(Math.max(0, found.length - count)).map(entryOf);
    },
    follow: ({ history = 0, level = 'debug' } = {}) => ({
      [Symbol.asyncIterator]: () =>
        logs.stream(history, (line) => (line.level >= LEASTS[level] ? entryOf(line) : undefined)),
    }),
  };
}

function entryOf(line: LogLine): LogEntry {
  const { sequence, time, level, bundle = 'rackwatt', component, msg = '', error, ...fields } = line;
  return {
    sequence,
    time,
    level: NAMES.find(([least]) => level >= least)?.[1] ?? 'debug',
    bundle,
    ...(component === undefined ? {} : { component }),
    message: msg,
    ...(isErrorRecord(error) ? { error } : {}),
    fields: error === undefined || isErrorRecord(error) ? fields : { ...fields, error },
  };
}

function isErrorRecord(error: unknown): error is ErrorRecord {
  const { name, message } = (error ?? {}) as Partial<ErrorRecord>;
  return typeof name === 'string' && typeof message === 'string';
}
