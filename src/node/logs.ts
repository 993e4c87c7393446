import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { pino, type Logger as Pino } from 'pino';
import type { Logger } from '../component/index.js';
import { errorRecord } from '../errors.js';
import { LogStream } from './log-stream.js';

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
/** Bytes after which a log file is set aside when the node starts or grows; one older file is kept. */
const ROTATE = 16 * 1024 * 1024;
const REMEMBERED = 500;

export interface LogLine {
  /** Rising by one from line to line, from 1 when the process starts. */
  sequence: number;
  level: number;
  time: number;
  bundle?: string;
  component?: string;
  msg?: string;
  [field: string]: unknown;
}

/** An error as it is would be written as `{}`. */
function plainError(error: unknown): unknown {
  return error instanceof Error ? errorRecord(error) : error;
}

/** A line for people: `14:02:11 warn  driver-snmp rackwatt.driver.snmp: ...`. */
export function formatLine(line: LogLine): string {
  const time = new Date(line.time).toISOString().slice(11, 19);
  const who = [line.bundle?.replace('@rackwatt/', ''), line.component].filter(Boolean).join(' ');
  return `${time} ${(LEVELS[line.level] ?? 'info').padEnd(5)} ${who}${who ? ': ' : ''}${line.msg ?? ''}`;
}

/**
 * The node's log: one JSON line each with bundle and component, to `<folder>/node.log`, to those who follow, and, from
 * `consoleLevel` on, in words to stderr.
 */
export class Logs {
  readonly #pino: Pino;
  readonly #recent: LogLine[] = [];
  readonly #streams = new Set<{ tell(line: LogLine): void; end(): void }>();
  readonly #file: string | undefined;
  readonly #children = new Map<string, Pino>();
  #stream: WriteStream | undefined;
  #written: number;
  #sequence = 0;

  constructor(options: { folder?: string; level?: string; consoleLevel?: number; console?: (text: string) => void }) {
    this.#file = options.folder === undefined ? undefined : join(options.folder, 'node.log');
    if (options.folder !== undefined) mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    this.#written = this.#file !== undefined && existsSync(this.#file) ? statSync(this.#file).size : 0;
    if (this.#written > ROTATE) this.#setAside();
    this.#stream = this.#open();
    const consoleLevel = options.consoleLevel ?? 40;
    const write = (text: string): void => {
      this.#written += text.length;
      if (this.#written > ROTATE) {
        this.#stream?.end();
        this.#setAside();
        this.#stream = this.#open();
      }
      this.#stream?.write(text);
      const line = JSON.parse(text) as LogLine;
      line.sequence = ++this.#sequence;
      this.#recent.push(line);
      if (this.#recent.length > REMEMBERED) this.#recent.shift();
      for (const stream of this.#streams) stream.tell(line);
      if (options.console && line.level >= consoleLevel) options.console(`${formatLine(line)}\n`);
    };
    this.#pino = pino({ base: null, level: options.level ?? 'info', serializers: { error: plainError } }, { write });
  }

  /** Least level that is logged. */
  get level(): string {
    return this.#pino.level;
  }

  set level(level: string) {
    for (const logger of [this.#pino, ...this.#children.values()]) logger.level = level;
  }

  logger(bundle: string, component?: string): Logger {
    const key = `${bundle} ${component ?? ''}`;
    let logger = this.#children.get(key);
    if (!logger)
      this.#children.set(
        key,
        (logger = this.#pino.child(component === undefined ? { bundle } : { bundle, component })),
      );
    return logger;
  }

  /** The last lines, oldest first. */
  recent(count = REMEMBERED): LogLine[] {
    return this.#recent.slice(Math.max(0, this.#recent.length - count));
  }

  /**
   * Lines as they come, until the reader leaves or the log is closed.
   * @param history so many past ones come first @param make undefined leaves a line out
   */
  stream<T>(history: number, make: (line: LogLine) => T | undefined): LogStream<T> {
    const past = this.#recent.map(make).filter((item) => item !== undefined);
    const stream = new LogStream<T>(past.slice(Math.max(0, past.length - history)), () => this.#streams.delete(entry));
    const entry = {
      tell(line: LogLine) {
        const item = make(line);
        if (item !== undefined) stream.push(item);
      },
      end: () => stream.end(),
    };
    this.#streams.add(entry);
    return stream;
  }

  async close(): Promise<void> {
    for (const stream of this.#streams) stream.end();
    await new Promise<void>((resolve) => (this.#stream ? this.#stream.end(() => resolve()) : resolve()));
  }

  #setAside(): void {
    if (this.#file !== undefined) renameSync(this.#file, `${this.#file}.1`);
    this.#written = 0;
  }

  #open(): WriteStream | undefined {
    if (this.#file === undefined) return undefined;
    const stream = createWriteStream(this.#file, { flags: 'a', mode: 0o600 });
    // A full disk must not end the node: the lines still reach followers and the console.
    stream.on('error', () => undefined);
    return stream;
  }
}
