import { RackwattError } from 'rackwatt';

/** What is wrong with bytes from outside, or with values that the wire cannot carry. Code `WIRE_INVALID`. */
export function wireInvalid(what: string, cause?: unknown): RackwattError {
  return new RackwattError('WIRE_INVALID', `Wire message refused: ${what}.`, { cause, context: { what } });
}
