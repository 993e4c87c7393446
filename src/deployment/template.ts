import { RackwattError } from '../errors.js';

export async function newBundle(kind: string, name: string, folder: string): Promise<{ name: string; folder: string }> {
  throw new RackwattError('USAGE', `cannot lay out a ${kind} ${name} in ${folder}`);
}
