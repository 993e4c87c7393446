import type { RevisionSource } from '../bundle/index.js';
import type { ComponentDefinition, InstanceConfiguration, Logger } from '../component/index.js';
import {
  ConfigurationsInForce,
  loadValidation,
  propertiesOf,
  withDefaults,
  type ConfigurationInForce,
  type PreparedConfiguration,
  type RuntimeDocument,
  type TargetBundle,
} from '../configuration/index.js';
import { BroughtConfigurations } from './brought.js';

export interface NodeConfigurationsOptions {
  /** Folder of the configuration file. */
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  log: Logger;
  /** The configurations of a document with their secrets looked up. */
  prepare(document: RuntimeDocument): Promise<Map<string, PreparedConfiguration>>;
}

/** The configurations that the components of a node get. */
export class NodeConfigurations {
  readonly inForce = new ConfigurationsInForce();
  readonly #options: NodeConfigurationsOptions;
  readonly #brought: BroughtConfigurations;
  readonly #checked = new WeakMap<ConfigurationInForce, { schema: object; mistake: string | undefined }>();
  #validate: Awaited<ReturnType<typeof loadValidation>> | undefined;
  /** PIDs of what was brought or withdrawn since this was last asked. */
  #touched = new Set<string>();

  constructor(options: NodeConfigurationsOptions) {
    this.#options = options;
    this.#brought = new BroughtConfigurations(options.log);
    this.#lay(this.#brought.bringInitial(options.environment, options.home));
  }

  /** Puts what a content of a bundle brings in force, before its components look. @returns takes it back */
  bring(bundle: { name: string; id: number }, source: RevisionSource): () => void {
    const back = this.#brought.point();
    this.#lay(this.#brought.bring(bundle, source));
    return () => this.#lay(back());
  }

  /** As `bring`, for several. */
  bringAll(contents: readonly { bundle: { name: string; id: number }; source: RevisionSource }[]): () => void {
    const backs = contents.map(({ bundle, source }) => this.bring(bundle, source));
    return () => {
      for (const back of backs.reverse()) back();
    };
  }

  /** A bundle is gone, and what it brought with it. */
  withdraw(name: string): void {
    this.#lay(this.#brought.withdraw(name));
  }

  /** PIDs of what was brought or withdrawn since this was last called. */
  touched(): Set<string> {
    const touched = this.#touched;
    this.#touched = new Set();
    return touched;
  }

  #lay(brought: ReturnType<BroughtConfigurations['withdraw']>): void {
    for (const pid of this.inForce.setBrought(brought)) this.#touched.add(pid);
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

  /** From now on what a component's schema does not allow is not handed to it. */
  async check(): Promise<void> {
    this.#validate = await loadValidation();
  }

  /** Of a component: its instances `pid~name`, or the one that bears the PID itself. */
  instances(pid: string, definition: ComponentDefinition, bundle: TargetBundle): InstanceConfiguration[] {
    return this.inForce.chosen(pid, bundle).map((configuration) => {
      const problem = configuration.problem ?? this.#mistake(configuration, definition);
      return {
        pid: configuration.pid,
        values: filled(definition, configuration.values),
        properties: propertiesOf(filled(definition, configuration.written)),
        ...(problem === undefined ? {} : { problem }),
      };
    });
  }

  /** What the schema of a component does not allow in a configuration. */
  #mistake(configuration: ConfigurationInForce, definition: ComponentDefinition): string | undefined {
    const schema = definition.options.configuration?.schema;
    if (!schema || !this.#validate) return undefined;
    const known = this.#checked.get(configuration);
    if (known?.schema === schema) return known.mistake;
    const { pid, written, broughtBy } = configuration;
    const [first] = this.#validate(schema, written).mistakes;
    const by = broughtBy === undefined ? '' : `, which ${broughtBy} brings`;
    const mistake = first && `configuration ${pid}${by}: ${first.message}`;
    this.#checked.set(configuration, { schema, mistake });
    if (mistake !== undefined) this.#options.log.error(mistake);
    return mistake;
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
