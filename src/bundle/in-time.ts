import { RackwattError } from '../errors.js';

/** Waits for code of a bundle, and not for ever. @throws `BUNDLE_TIMEOUT` with what was not done in time */
export async function inTime<T>(work: T | Promise<T>, milliseconds: number, what: string): Promise<T> {
  if (work === undefined) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new RackwattError('BUNDLE_TIMEOUT', `${what} in ${milliseconds / 1000} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
