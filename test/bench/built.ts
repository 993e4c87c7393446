/** The inside of the container, which no bundle can import: loaded from the build by its place, typed by its source. */
const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../../src/dist/${path}`, import.meta.url).href)) as T;

export const { Framework, readManifest } = await load<typeof import('../../src/bundle/index.js')>('bundle/index.js');
export const { containerModules } = await load<typeof import('../../src/bundle/shared.js')>('bundle/shared.js');
export const rackwatt = await load<typeof import('../../src/index.js')>('index.js');
export type Framework = InstanceType<typeof Framework>;
export type RevisionSource = import('../../src/bundle/index.js').RevisionSource;
export type RevisionTokens = InstanceType<typeof import('../../src/space/index.js').RevisionTokens>;

/** Loaded only by benches that watch revisions: it is no part of what starts. */
export const loadSpace = () => load<typeof import('../../src/space/index.js')>('space/index.js');
/** Loaded only by benches that install: it is no part of what starts. */
export const loadDeployment = () => load<typeof import('../../src/deployment/index.js')>('deployment/index.js');

const quiet = () => undefined;
const LOG = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A container with nothing in it, which says nothing; an error in a bundle ends the bench. */
export function emptyFramework(storage: string, tokens?: RevisionTokens): Framework {
  const framework = new Framework({
    ...containerModules(rackwatt),
    storage,
    version: '0.1.0',
    logger: () => LOG,
    ...(tokens === undefined ? {} : { tokens }),
  });
  framework.onFrameworkEvent(({ type, error }) => {
    if (type === 'ERROR') throw new rackwatt.RackwattError('BENCH_FAILED', rackwatt.errorMessage(error));
  });
  return framework;
}
