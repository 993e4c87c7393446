import { STATUS_CODES } from 'node:http';
import { errorMessage, RackwattError } from 'rackwatt';

/** RFC 9457 problem details; `code` is the `RackwattError`'s. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code?: string;
  /** Where the input is wrong, one entry a fault. */
  errors?: { in: 'query' | 'body'; pointer: string; message: string }[];
}

export const PROBLEM_TYPE = 'application/problem+json';

export function problem(status: number, detail: string, more: Pick<Problem, 'code' | 'errors'> = {}): Problem {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...more };
}

/**
 * A failure of a route as the client may see it. `RackwattError`s are written for people and pass as they are, with the
 * status in their `context.status`; of anything else only the fact is told.
 */
export function problemOf(error: unknown): Problem {
  if (typeof error === 'object' && error !== null) {
    const { code, context, statusCode } = error as Partial<RackwattError> & { statusCode?: number };
    if ((error as Error).name === 'RackwattError' && typeof code === 'string') {
      const status = context?.['status'];
      const valid = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
      return problem(valid ? status : 500, errorMessage(error), { code });
    }
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
      return problem(statusCode, errorMessage(error));
  }
  return problem(500, 'The route failed; the log of the node says why.');
}
