import type { Framework } from '../bundle/index.js';
import type { Logger } from '../component/index.js';
import {
  Announcements,
  ConfigurationAdmin,
  configurationAdmin,
  MetaType,
  SecretResolver,
  type ConfigurationStore,
} from '../configuration/index.js';
import { RackwattError } from '../errors.js';
import type { ServiceRegistration } from '../registry/types.js';
import type { NodeConfigurations } from './configurations.js';
import { SYSTEM } from './runtime-service.js';

export interface ConfigurationServicesOptions {
  framework: Framework;
  store: ConfigurationStore;
  configurations: NodeConfigurations;
  definitions: MetaType;
  log: Logger;
}

/** The services around the configuration, and what it tells services. */
export class ConfigurationServices {
  readonly admin: ConfigurationAdmin;
  readonly #options: ConfigurationServicesOptions;
  readonly #announcements: Announcements;
  #registrations: ServiceRegistration[] = [];

  constructor(options: ConfigurationServicesOptions) {
    const { framework, store, configurations, log } = options;
    this.#options = options;
    this.admin = configurationAdmin(store, configurations.inForce);
    this.#announcements = new Announcements(framework.registry.group(SYSTEM), {
      inForce: configurations.inForce,
      bundle: ({ name }) => {
        const bundle = framework.bundle(name);
        return bundle && { name, version: bundle.revision.manifest.version, location: bundle.location };
      },
      log,
    });
  }

  register(): void {
    const { registry } = this.#options.framework;
    this.#registrations = [
      registry.register(SYSTEM, ConfigurationAdmin, this.admin),
      registry.register(SYSTEM, MetaType, this.#options.definitions),
      registry.register(SYSTEM, SecretResolver, { resolve: (values) => this.#withSecrets(values) }),
    ];
  }

  /** From now on services are told of changes. */
  open(): void {
    this.#announcements.open();
  }

  /** Tells what changed since it was told last. */
  announce(): void {
    this.#announcements.announce();
  }

  close(): void {
    this.#announcements.close();
    for (const registration of this.#registrations.splice(0)) registration.unregister();
  }

  async #withSecrets(values: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const { store } = this.#options;
    const pid = 'of a preview';
    const document = { ...store.document, configurations: { [pid]: { ...values } } };
    const { problem, values: found } = (await store.prepare(document, [pid])).get(pid)!;
    if (problem !== undefined) throw new RackwattError('SECRET_MISSING', problem);
    return found;
  }
}
