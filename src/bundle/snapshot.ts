import type { ServiceReference } from '../registry/index.js';
import type { Bundle } from './bundle.js';
import type { ContainerInfo, ServiceInfo, WireInfo } from './contract.js';
import type { Framework } from './framework.js';
import { wordsOf, wordsOfCapability } from './requirement.js';

/** The container as it is now, as plain data: it does not change any more, and keeps nothing alive (OSGi Core R8, 57). */
export function containerInfo(framework: Framework): ContainerInfo {
  return {
    startLevel: framework.startLevel,
    initialBundleStartLevel: framework.initialBundleStartLevel,
    bundles: framework.views().map((bundle) => plain(bundle.info())),
    wires: framework.bundles().flatMap(wiresOf),
    services: framework.registry.references(undefined).map(serviceInfo),
  };
}

function wiresOf({ revision }: Bundle): WireInfo[] {
  const wires = revision.wiring?.requiredWires() ?? [];
  return wires.map(({ requirement, capability, provider }) => ({
    bundle: revision.manifest.name,
    version: revision.manifest.version,
    requirement: wordsOf(requirement),
    capability: wordsOfCapability(capability),
    provider: provider?.manifest.name ?? 'rackwatt',
    ...(provider ? { providerVersion: provider.manifest.version } : {}),
  }));
}

/** One service. Large integers are text, as are versions and dates. */
export function serviceInfo(reference: ServiceReference): ServiceInfo {
  return {
    id: reference.id,
    contracts: [...reference.contracts],
    bundle: reference.owner?.name ?? '',
    properties: plain(reference.properties()),
    users: reference.users().map(({ name }) => name),
  };
}

function plain<T extends object>(value: T): T {
  const text = JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each));
  return JSON.parse(text) as T;
}
