import type { Configurations, MigrationHost } from '../bundle/index.js';
import type { ComponentDefinition, Logger } from '../component/index.js';
import { pidsOf } from '../component/index.js';
import {
  factoryPid,
  validate,
  type ConfigurationsInForce,
  type ConfigurationStore,
  type PreparedConfiguration,
  type RuntimeDocument,
} from '../configuration/index.js';
import { errorMessage, RackwattError } from '../errors.js';

export interface MigratedOptions {
  /** By PID; what is migrated is put in here. */
  inForce: ConfigurationsInForce;
  /** The document that is being applied. */
  document(): RuntimeDocument;
  prepare(document: RuntimeDocument): Promise<Map<string, PreparedConfiguration>>;
}

/** The configurations that bundles migrated in the change under way, which are yet to be written into the file. */
export class MigratedConfigurations implements MigrationHost {
  readonly #options: MigratedOptions;
  readonly #migrated = new Map<string, Record<string, unknown>>();
  /** Bundles of drop-ins that come or go: they lie over the configuration, which stays as it is. */
  readonly spared = new Set<string>();

  constructor(options: MigratedOptions) {
    this.#options = options;
  }

  configurations(bundle: string, pids: ReadonlySet<string>): Configurations {
    if (this.spared.has(bundle)) return {};
    const found = [...this.#options.inForce.own()].filter(([pid]) => pids.has(factoryPid(pid)));
    return Object.fromEntries(found.map(([pid, { written }]) => [pid, written]));
  }

  async check(definitions: readonly ComponentDefinition[], migrated: Configurations): Promise<void> {
    for (const [pid, values] of Object.entries(migrated)) {
      for (const definition of definitions) {
        const schema = definition.options.configuration?.schema;
        if (!pidsOf(definition).includes(factoryPid(pid)) || !schema) continue;
        const [mistake] = (await validate(schema, values)).mistakes;
        if (mistake)
          throw new RackwattError('CONFIG_INVALID', `configuration ${pid} is wrong after it: ${mistake.message}`, {
            context: { pid, pointer: mistake.pointer },
          });
      }
    }
  }

  async take(migrated: Configurations): Promise<() => Promise<void>> {
    const { inForce, document, prepare } = this.#options;
    const before = new Map(Object.keys(migrated).map((pid) => [pid, inForce.own().get(pid)]));
    const prepared = await prepare({ ...document(), configurations: migrated });
    for (const [pid, configuration] of prepared) {
      inForce.setOwn(pid, configuration);
      this.#migrated.set(pid, configuration.written);
    }
    return async () => {
      for (const [pid, configuration] of before) {
        this.#migrated.delete(pid);
        if (configuration) inForce.setOwn(pid, configuration);
      }
    };
  }

  /** Brings the file to what bundles migrated, which is in force already. What goes wrong is logged. */
  async write(configuration: Pick<ConfigurationStore, 'edit'>, log: Logger): Promise<void> {
    const edits = [...this.#migrated].map(([pid, value]) => ({ path: ['configurations', pid], value }));
    if (edits.length === 0) return;
    this.forget();
    const failed = (why: string): void => log.error(`configurations were migrated and could not be written: ${why}`);
    try {
      const { applied, problems } = await configuration.edit(edits, { reason: 'migrated by an update', joins: true });
      if (!applied) failed(problems.map(({ message }) => message).join('; '));
    } catch (error) {
      failed(errorMessage(error));
    }
  }

  /** The change that they belong to failed. */
  forget(): void {
    this.#migrated.clear();
  }
}
