import { RackwattError } from '../errors.js';
import type { Isolation } from './contract.js';
import type { FrameworkOptions } from './options.js';
import type { RunMaker } from './run.js';
import { SpaceRun } from './space-run.js';

/** What makes the runs of a place. @throws `BUNDLE_ISOLATION` where the container does not have it */
export function runMakerOf(bundle: string, isolation: Isolation, makers: FrameworkOptions['isolation']): RunMaker {
  if (isolation === 'space') return (parts) => new SpaceRun(parts);
  const maker = makers?.[isolation];
  if (maker) return maker;
  throw new RackwattError(
    'BUNDLE_ISOLATION',
    `${bundle} asks for isolation "${isolation}", which this container does not have`,
  );
}
