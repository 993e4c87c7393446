import { CONTRACT, containerModules, Framework, readManifest, type Bundle, type Manifest } from '../bundle/index.js';
import { describeComponent, type ComponentDescription } from '../component/index.js';
import type { ConfigurationAdmin } from '../configuration/index.js';
import { platformBundles } from '../deployment/index.js';
import { errorMessage } from '../errors.js';
import { VERSION } from '../version.js';
import { Node } from './node.js';

export { Node, type NodeOptions } from './node.js';

/** The configuration of a home whose node does not run: changes are checked against the schemas of its bundles and written. */
export async function withStoppedNode<T>(
  home: { folder: string; file: string },
  work: (admin: ConfigurationAdmin) => Promise<T>,
): Promise<T> {
  const node = await Node.open(home, { idle: true });
  try {
    await node.look();
    return await work(node.configurations.admin);
  } finally {
    await node.stop();
  }
}

/** Evaluates one module of a bundle in a space of its own, with the contracts that it imports: how a command runs without a node. */
export async function loadModules(root: string, manifest: Manifest, file: string): Promise<Record<string, unknown>> {
  const bundle = await loneBundle(root, manifest);
  return bundle.revision.loadModule(file);
}

/** Describes the components of a bundle that is not installed, by evaluating its main module. */
export async function describeBundle(root: string, manifest: Manifest): Promise<ComponentDescription[]> {
  const bundle = await loneBundle(root, manifest);
  const { definitions } = await bundle.revision.load();
  const descriptions = definitions.map(describeComponent);
  bundle.revision.unload();
  return descriptions;
}

/** A bundle in a container of its own that has nothing but the contracts that can be found; what else it needs, it needs where it runs. */
async function loneBundle(root: string, declared: Manifest): Promise<Bundle> {
  const requires = declared.requires.filter(({ namespace }) => namespace === CONTRACT);
  const manifest: Manifest = { ...declared, requires, node: '*', os: [], cpu: [] };
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const framework = new Framework({
    ...containerModules(await import('../index.js')),
    storage: root,
    version: VERSION,
    logger: () => silent,
  });
  for (const folder of platformBundles(root)) {
    const other = await readManifest(folder).catch((error: unknown) => void errorMessage(error));
    if (!other || other.contracts.length + other.brought.length === 0 || other.name === manifest.name) continue;
    framework.install({ location: `platform:${other.name}`, root: folder, manifest: other });
  }
  const bundle = framework.install({ location: `command:${manifest.name}`, root, manifest });
  await framework.wire([bundle.revision]);
  return bundle;
}
