import type { ComponentDefinition, InstanceConfiguration, Logger } from '../component/index.js';
import {
  ConfigurationsInForce,
  propertiesOf,
  withDefaults,
  type PreparedConfiguration,
  type RuntimeDocument,
  type TargetBundle,
} from '../configuration/index.js';

export interface NodeConfigurationsOptions {
  log: Logger;
  /** The configurations of a document with their secrets looked up. */
  prepare(document: RuntimeDocument): Promise<Map<string, PreparedConfiguration>>;
}

/** The configurations that the components of a node get. */
export class NodeConfigurations {
  readonly inForce = new ConfigurationsInForce();
  readonly #options: NodeConfigurationsOptions;

  constructor(options: NodeConfigurationsOptions) {
    this.#options = options;
  }

  /** Takes those of a document. @returns PIDs whose configuration came, went or changed */
  async take(document: RuntimeDocument): Promise<Set<string>> {
    const { inForce } = this;
    const prepared = await this.#options.prepare(document);
    const changed = new Set([...inForce.own().keys()].filter((pid) => !prepared.has(pid)));
    for (const pid of changed) inForce.setOwn(pid, undefined);
    for (const [pid, configuration] of prepared) {
      const before = inForce.own().get(pid);
      inForce.setOwn(pid, configuration);
      if (
        JSON.stringify([before?.values, before?.problem]) !==
        JSON.stringify([configuration.values, configuration.problem])
      )
        changed.add(pid);
      if (configuration.problem && configuration.problem !== before?.problem)
        this.#options.log.error(configuration.problem);
    }
    return changed;
  }

  /** Of a component: its instances `pid~name`, or the one that bears the PID itself. */
  instances(pid: string, definition: ComponentDefinition, bundle: TargetBundle): InstanceConfiguration[] {
    return this.inForce.chosen(pid, bundle).map((configuration) => ({
      pid: configuration.pid,
      values: filled(definition, configuration.values),
      properties: propertiesOf(filled(definition, configuration.written)),
      ...(configuration.problem === undefined ? {} : { problem: configuration.problem }),
    }));
  }
}

/** Values with the defaults of a component's schema. */
export function filled(
  definition: ComponentDefinition,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const schema = definition.options.configuration?.schema;
  return schema ? (withDefaults(schema, values) as Record<string, unknown>) : { ...values };
}
