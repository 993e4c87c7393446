import { explainBundle, type Bundle, type BundleWhy, type Framework, type Runtime } from '../bundle/index.js';
import { AdminMethod } from '../cli/contract.js';
import { ConfigurationAdmin } from '../configuration/index.js';
import { RackwattError } from '../errors.js';
import type { SocketMethod } from './admin-socket.js';
import { componentsOf } from './components.js';
import { diagnose } from './doctor.js';
import { installing, installRequest } from './install.js';
import type { LogLine } from './logs.js';
import type { Node } from './node.js';
import { bundleInfo, SYSTEM } from './runtime-service.js';

type Parameters = Record<string, unknown>;

function text(parameters: unknown, key: string): string {
  const value = (parameters as Parameters | undefined)?.[key];
  if (typeof value !== 'string') throw new RackwattError('USAGE', `the parameter "${key}" must be a text`);
  return value;
}

/** The methods of the admin socket: the container's own, then those that bundles contribute. */
export function socketMethods(
  node: Node,
  runtime: Runtime,
  admin: ConfigurationAdmin,
): (name: string) => Promise<SocketMethod | undefined> {
  const { framework } = node;
  const component = (parameters: unknown) => {
    const name = text(parameters, 'name');
    const components = componentsOf(framework);
    const found =
      components.find(({ info }) => info.name === name) ?? components.find(({ component }) => component === name);
    if (!found)
      throw new RackwattError(
        'COMPONENT_UNKNOWN',
        `there is no component ${name}; "rackwatt component list" shows them`,
      );
    return found;
  };
  const bundle = (parameters: unknown) => {
    const name = text(parameters, 'name');
    const found = framework.bundle(name) ?? framework.bundle(`@rackwatt/${name}`);
    if (!found)
      throw new RackwattError('BUNDLE_UNKNOWN', `there is no bundle ${name}; "rackwatt bundle list" shows them`);
    return found;
  };
  const own: Record<string, SocketMethod> = {
    'node.info': () => runtime.node(),
    'node.health': () => runtime.health(),
    'node.startup': () => node.startup(),
    'node.stop': () => node.requestStop(),
    'bundle.list': async () => [...(await runtime.bundles()), ...quarantined(node)],
    'bundle.info': async (parameters) => {
      const found = bundle(parameters);
      const components = componentsOf(framework).filter(({ info }) => info.bundle === found.name);
      return {
        ...(await bundleInfo(found)),
        description: found.revision.manifest.description,
        imports: found.revision.manifest.imports,
        components: components.map(({ info }) => info),
      };
    },
    'bundle.why': (parameters): BundleWhy => {
      const name = text(parameters, 'name');
      const dropIns = dropInReasons(node, name);
      const found = framework.bundle(name) ?? framework.bundle(`@rackwatt/${name}`);
      if (!found && dropIns.length > 0) return { name, state: 'QUARANTINED', reason: dropIns.join('; ') };
      return why(bundle(parameters), framework, dropIns);
    },
    'bundle.doctor': (parameters) =>
      diagnose(framework, node.tokens, bundle(parameters), (parameters as Parameters)['quick'] !== true),
    'bundle.start': async (parameters) => {
      const name = text(parameters, 'name');
      if (await node.dropIns?.retry(name)) {
        const [reason] = dropInReasons(node, name);
        if (reason !== undefined) throw new RackwattError('BUNDLE_START', reason);
        const started = framework.bundles().find((each) => each.name === name || each.location === `dropins:${name}`);
        if (started) return started.info();
      }
      await bundle(parameters).start();
      return bundle(parameters).info();
    },
    'bundle.stop': async (parameters) => {
      await bundle(parameters).stop();
      return bundle(parameters).info();
    },
    'bundle.refresh': async (parameters) => {
      const named = (parameters as Parameters | undefined)?.['name'];
      const refreshed = await framework.wiring.refresh(named === undefined ? undefined : [bundle(parameters)]);
      return refreshed.map((each) => each.info());
    },
    'bundle.install': async (parameters) => installing(node, (await runtime.node()).home, installRequest(parameters)),
    'bundle.uninstall': (parameters) => node.installation.uninstall(bundle(parameters)),
    'runtime.install': (parameters) => node.runtimes.install(text(parameters, 'file')),
    'runtime.list': () => node.runtimes.list(),
    'runtime.rollback': () => node.runtimes.rollback(),
    'service.list': (parameters) => runtime.services((parameters as { filter?: string } | undefined)?.filter),
    'component.list': () => runtime.components(),
    'component.why': (parameters) => component(parameters).info,
    'component.effects': (parameters) => component(parameters).effects(),
    config: (parameters) => {
      const { method, parameters: given } = parameters as { method: keyof ConfigurationAdmin; parameters: unknown[] };
      if (!ConfigurationAdmin.methods.includes(method))
        throw new RackwattError('METHOD_UNKNOWN', `the configuration has no method ${String(method)}`);
      return (admin[method] as (...values: unknown[]) => unknown)(...given);
    },
    'config.generations': () => node.configuration.generations(),
    'config.rollback': (parameters) => node.configuration.rollback(Number((parameters as Parameters)['number'])),
    log: (parameters) => logLines(node, parameters as { follow?: boolean; lines?: number } | undefined),
  };
  return async (name) => {
    if (Object.hasOwn(own, name)) return own[name];
    const reference = framework.registry
      .references(AdminMethod)
      .find((candidate) => candidate.property('name') === name);
    if (!reference) return undefined;
    return async (parameters) => {
      const service = framework.registry.get(SYSTEM, reference) as AdminMethod | undefined;
      try {
        return await service?.call(parameters);
      } finally {
        framework.registry.release(SYSTEM, reference);
      }
    };
  };
}

/** How it stands with a bundle, with its components that are not active, and with its drop-ins that do not run. */
function why(bundle: Bundle, framework: Framework, dropIns: string[]): BundleWhy {
  const components = componentsOf(framework)
    .filter(({ info }) => info.bundle === bundle.name && info.state !== 'active')
    .map(({ info: { name, state, reasons } }) => ({ name, state, reasons }));
  return { ...explainBundle(bundle, framework.wirings), components, dropIns };
}

/** Drop-ins that are not taken, as lines of the list of bundles. */
function quarantined(node: Node): object[] {
  return (node.dropIns?.list() ?? [])
    .filter(({ state }) => state === 'quarantined')
    .map(({ file, name, version, reason }) => ({
      name: name ?? file,
      version: version ?? '',
      state: 'QUARANTINED',
      location: `dropins:${file}`,
      reason,
    }));
}

/** What is to be said of drop-ins of a bundle, or of a file, that do not run. */
function dropInReasons(node: Node, name: string): string[] {
  return (node.dropIns?.list() ?? [])
    .filter(({ state, file, name: bundle }) => state !== 'running' && (file === name || bundle === name))
    .map(({ file, state, since, reason }) => `drop-in ${file} is ${state}${since ? ` since ${since}` : ''}: ${reason}`);
}

async function* logLines(node: Node, options: { follow?: boolean; lines?: number } = {}): AsyncGenerator<LogLine> {
  const { follow = false, lines = 50 } = options;
  if (!follow) {
    yield* node.logs.recent(lines);
    return;
  }
  const stream = node.logs.stream(lines, (line) => line);
  const end = (): void => stream.end();
  if (node.stopping.aborted) end();
  node.stopping.addEventListener('abort', end);
  try {
    yield* stream;
  } finally {
    node.stopping.removeEventListener('abort', end);
  }
}
