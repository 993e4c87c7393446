import { createWriteStream, existsSync, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { pino, type Logger as Pino } from 'pino';
import type { Logger } from '../component/index.js';

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };
/** Bytes after which a log file is set aside when the node starts or grows; one older file is kept. */
const ROTATE = 16 * 1024 * 1024;
const REMEMBERED = 500;

export interface LogLine {
  level: number;
  time: number;
  bundle?: string;
  component?: string;
  msg?: string;
  [field: string]: unknown;
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
  readonly #followers = new Set<(line: LogLine) => void>();
  readonly #file: string | undefined;
  readonly #children = new Map<string, Pino>();
  #stream: WriteStream | undefined;
  #written: number;

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
      this.#recent.push(line);
      if (this.#recent.length > REMEMBERED) this.#recent.shift();
      for (const follower of this.#followers) follower(line);
      if (options.console && line.level >= consoleLevel) options.console(`${formatLine(line)}\n`);
    };
    this.#pino = pino({ base: null, level: options.level ?? 'info' }, { write });
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
    return this.#recent.slice(-count);
  }

  follow(follower: (line: LogLine) => void): () => void {
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  async close(): Promise<void> {
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
