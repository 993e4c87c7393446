import type { Logger } from '../component/types.js';

/** A line that the component logged. */
export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  /** What was given before the message. */
  fields: object;
}

/** Keeps the lines instead of printing them. */
export function loggerInto(lines: LogLine[]): Logger {
  const line =
    (level: LogLine['level']) =>
    (...[fields, message]: [object, string] | [string]): void =>
      void lines.push(
        typeof fields === 'string' ? { level, message: fields, fields: {} } : { level, message: message!, fields },
      );
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
