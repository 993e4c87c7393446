import { errorRecord } from '../errors.js';
import { EventAdmin, EventDispatcher, type EventSource } from '../event/index.js';
import type { ServiceOwner } from '../registry/types.js';
import type { Framework } from './framework.js';
import { outside } from './operations.js';
import type { FrameworkOptions } from './options.js';

const CONTAINER: ServiceOwner = Object.freeze({ id: 0, name: 'rackwatt' });
const PREFIX = 'rackwatt/framework';

/** The Event Admin of a container, registered for every bundle. */
export function eventAdmin(
  framework: Framework,
  options: Pick<FrameworkOptions, 'logger' | 'events'>,
): EventDispatcher {
  const { registry } = framework;
  const events = new EventDispatcher({
    registry,
    logger: options.logger,
    within(owner, run) {
      const space = framework.bundle(owner.name)?.revision.space;
      outside(() => (space ? space.run(run) : run()));
    },
    sources: eventSources(framework),
    limits: options.events ?? {},
  });
  registry.register(CONTAINER, EventAdmin, events);
  return events;
}

/**
 * What happens in the container, as events (OSGi Compendium 113, "Specific Events"): `rackwatt/framework/BundleEvent/STARTED` and its
 * like, with plain data in the place of the bundle, the reference and the error.
 */
function eventSources(framework: Framework): EventSource[] {
  const bundleOf = (name: string | undefined): object => {
    const bundle = name === undefined ? undefined : framework.bundle(name);
    return bundle ? { 'bundle.id': bundle.id, 'bundle.name': bundle.name, 'bundle.version': bundle.version } : {};
  };
  return [
    {
      prefix: `${PREFIX}/FrameworkEvent`,
      begin: (publish) =>
        framework.onFrameworkEvent(({ type, bundle, error, message }) =>
          publish(`${PREFIX}/FrameworkEvent/${type}`, {
            ...bundleOf(bundle?.name),
            ...(message === undefined ? {} : { message }),
            ...(error === undefined ? {} : { exception: errorRecord(error) }),
          }),
        ),
    },
    {
      prefix: `${PREFIX}/BundleEvent`,
      begin: (publish) =>
        framework.onBundleEvent(
          ({ type, bundle: { id, name, version } }) =>
            publish(`${PREFIX}/BundleEvent/${type}`, {
              'bundle.id': id,
              'bundle.name': name,
              'bundle.version': version,
            }),
          { synchronous: true },
        ),
    },
    {
      prefix: `${PREFIX}/ServiceEvent`,
      begin: (publish) =>
        framework.registry.listen(CONTAINER, ({ type, reference }) =>
          publish(`${PREFIX}/ServiceEvent/${type}`, {
            ...bundleOf(reference.owner?.name),
            'service.id': reference.id,
            'service.objectClass': reference.contracts,
          }),
        ),
    },
  ];
}
