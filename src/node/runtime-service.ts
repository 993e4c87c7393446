import type { Bundle, BundleInfo, Framework, Health, HealthState, NodeHealth, Runtime } from '../bundle/index.js';
import { containerInfo, HealthCheck, Runtime as RuntimeContract, serviceInfo } from '../bundle/index.js';
import { describedComponents, type ComponentSet } from '../component/index.js';
import { errorMessage, RackwattError } from '../errors.js';
import { isolatedRun } from '../isolation/index.js';
import type { Properties, ServiceOwner } from '../registry/types.js';
import type { Disposer } from '../scope/index.js';
import { componentsOf, onComponentChange } from './components.js';

export const SYSTEM: ServiceOwner = Object.freeze({ id: 0, name: 'rackwatt' });

const WORST: readonly HealthState[] = ['ok', 'degraded', 'failed'];
/** ms that one health check may take. */
const CHECK_TIME = 2_000;

/** The running container as plain data, for the command, the page and bundles. */
export function runtimeService(
  framework: Framework,
  node: { id: string; version: string; started: Date; home: string },
): Runtime {
  return {
    node: async () => ({
      id: node.id,
      version: node.version,
      pid: process.pid,
      started: node.started.toISOString(),
      home: node.home,
    }),
    bundles: () => Promise.all(framework.bundles().map(bundleInfo)),
    services: async (filter) => framework.registry.references(undefined, filter).map(serviceInfo),
    container: async () => containerInfo(framework),
    components: async () => componentsOf(framework).map(({ info }) => info),
    descriptions: async () => describedComponents(framework.components.sets()),
    enableComponent: async (bundle, name) => framework.components.enable(setOf(framework, bundle, name), name),
    disableComponent: async (bundle, name) => framework.components.disable(setOf(framework, bundle, name), name),
    health: () => healthOf(framework),
  };
}

/** Registers it, with a `service.changecount` that rises with what happens to components: once a turn (Compendium 112.10). */
export function registerRuntime(
  framework: Framework,
  isolated: Parameters<typeof onComponentChange>[1],
  runtime: Runtime,
): Disposer {
  let count = 0;
  const properties = (): Properties => ({ 'service.changecount': count });
  const registration = framework.registry.register(SYSTEM, RuntimeContract, runtime, properties());
  let isTelling = false;
  return onComponentChange(framework, isolated, () => {
    count++;
    if (isTelling) return;
    isTelling = true;
    setImmediate(() => {
      isTelling = false;
      if (registration.reference.owner) registration.setProperties(properties());
    });
  });
}

/** @throws `COMPONENT_UNKNOWN` */
function setOf(framework: Framework, bundle: string, name: string): ComponentSet {
  const set = framework.components.sets().find((each) => each.bundle.owner.name === bundle);
  if (set) return set;
  const message = `no bundle ${bundle} with a component ${name} runs in a space of this node`;
  throw new RackwattError('COMPONENT_UNKNOWN', message, { context: { bundle, component: name } });
}

/** A bundle with what it uses where it runs. */
export async function bundleInfo(bundle: Bundle): Promise<BundleInfo> {
  const run = isolatedRun(bundle.run);
  const place = run?.place;
  if (!run || place === undefined) return bundle.info();
  return { ...bundle.info(), host: { place, ...(await run.usage()) } };
}

export async function healthOf(framework: Framework): Promise<NodeHealth> {
  const checks: Record<string, Health> = { container: containerHealth(framework) };
  const references = framework.registry.references(HealthCheck);
  await Promise.all(
    references.map(async (reference) => {
      const name = String(reference.property('name') ?? reference.property('component.name') ?? reference.id);
      checks[name] = await checked(framework, reference as Parameters<typeof checked>[1]);
    }),
  );
  const worst = Math.max(...Object.values(checks).map(({ state }) => WORST.indexOf(state)));
  return { state: WORST[worst] ?? 'failed', checks };
}

function containerHealth(framework: Framework): Health {
  const bundles = framework.bundles();
  const components = componentsOf(framework);
  const down = bundles.filter((bundle) => bundle.autostart && bundle.state !== 'ACTIVE');
  const failed = components.filter(({ info }) => info.state === 'failed');
  const sentences = [
    ...down.map((bundle) => `${bundle.name} is ${bundle.state}: ${bundle.reason ?? 'its start level is not reached'}`),
    ...failed.map(({ info, failure }) => `${info.name}: ${failure}`),
    ...(framework.events?.denied() ?? []).map(
      ({ bundle, service, reason }) => `${bundle}: handler of events (service ${service}) gets none: ${reason}`,
    ),
  ];
  const figures = {
    bundles: bundles.length,
    components: components.length,
    services: framework.registry.references(undefined).length,
  };
  if (sentences.length === 0) return { state: 'ok', figures };
  return { state: 'degraded', detail: sentences.join('; '), figures };
}

async function checked(
  framework: Framework,
  reference: NonNullable<ReturnType<Framework['registry']['reference']>>,
): Promise<Health> {
  const service = framework.registry.get(SYSTEM, reference) as HealthCheck | undefined;
  if (!service) return { state: 'failed', detail: 'its health check is gone' };
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<Health>((resolve) => {
      timer = setTimeout(
        () => resolve({ state: 'failed', detail: `its health check did not answer in ${CHECK_TIME / 1000} s` }),
        CHECK_TIME,
      );
    });
    return await Promise.race([service.check(), late]);
  } catch (error) {
    return { state: 'failed', detail: `its health check failed: ${errorMessage(error)}` };
  } finally {
    clearTimeout(timer);
    framework.registry.release(SYSTEM, reference);
  }
}

/** Where people look: the figure `url` of the health check named `http`. */
export async function urlOf({ registry }: Framework): Promise<string | undefined> {
  const [reference] = registry.references(HealthCheck, '(name=http)');
  const check = reference && (registry.get(SYSTEM, reference) as HealthCheck | undefined);
  if (!check) return undefined;
  try {
    return String((await check.check()).figures?.['url'] ?? '') || undefined;
  } finally {
    registry.release(SYSTEM, reference);
  }
}
