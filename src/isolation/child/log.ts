import { errorRecord } from '../../errors.js';
import type { Logger } from '../../component/index.js';
import type { LogNotice } from '../protocol.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A logger whose lines the node writes, with bundle and component; what is below the node's level stays here. */
export function remoteLogger(
  send: (line: LogNotice) => void,
  least: () => string,
  component: string | undefined,
): Logger {
  const writer =
    (level: LogNotice['level']): Logger['info'] =>
    (first: object | string, second?: string): void => {
      if (LEVELS.indexOf(level) < (LEVELS as readonly string[]).indexOf(least())) return;
      send({
        level,
        ...(component === undefined ? {} : { component }),
        fields: typeof first === 'string' ? {} : plain(first),
        message: typeof first === 'string' ? first : (second ?? ''),
      });
    };
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') };
}

/** What of the fields can cross; a line with a field that cannot is a line all the same. */
function plain(fields: object): Record<string, unknown> {
  try {
    return JSON.parse(
      JSON.stringify(fields, (_, value: unknown) =>
        typeof value === 'bigint' ? value.toString() : value instanceof Error ? errorRecord(value) : value,
      ),
    ) as Record<string, unknown>;
  } catch (error) {
    return { fields: errorRecord(error).message };
  }
}
