/** The container's versions, requirements and resolver, which no bundle can import: loaded from the build by their place, typed by their source. */
const load = async <T>(file: string): Promise<T> =>
  (await import(new URL(`../../../src/dist/bundle/${file}.js`, import.meta.url).href)) as T;

export const { Version, VersionRange } =
  await load<typeof import('../../src/bundle/version-range.js')>('version-range');
export const { matches } = await load<typeof import('../../src/bundle/requirement.js')>('requirement');
export const { capabilitiesOf, requirementsOf } = await load<typeof import('../../src/bundle/offers.js')>('offers');
export const { resolve } = await load<typeof import('../../src/bundle/resolver.js')>('resolver');
export const { parseManifest } = await load<typeof import('../../src/bundle/manifest.js')>('manifest');
export type { Capability, Requirement } from '../../src/bundle/requirement.js';
