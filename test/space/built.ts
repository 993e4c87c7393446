import type * as Face from '../../src/space/index.js';

/** The built inside of `src/space`, which the package does not export: found from `test/dist`, typed from its source. */
const built = new URL('../../../src/dist/space/index.js', import.meta.url).href;

export const { collectGarbage, hostModules, ModuleSpace, RevisionTokens, spaces, TransformCache, whoHolds } =
  (await import(built)) as typeof Face;
export type ModuleSpace = Face.ModuleSpace;
export type RevisionTokens = Face.RevisionTokens;
export type TransformCache = Face.TransformCache;
export type { HostModule, HostModules, ModuleSpaceOptions } from '../../src/space/index.js';
