/**
 * The inside of the container's registry, which no bundle can import: loaded from the build by its place, typed by its source.
 */
const built = new URL('../../../src/dist/registry/index.js', import.meta.url).href;

export const {
  ServiceRegistry,
  ServiceStage,
  stubOf,
  ServiceTracker,
  Filter,
  parseFilter,
  escapeFilterValue,
  compareReferences,
  isPropertyValue,
} = (await import(built)) as typeof import('../../src/registry/index.js');
export type * from '../../src/registry/index.js';
