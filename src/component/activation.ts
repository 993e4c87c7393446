import { errorMessage, errorRecord } from '../errors.js';
import { Scope } from '../scope/index.js';
import { cradleValues } from './context.js';
import type { EngineParts } from './engine.js';
import type { Handover } from './handover.js';
import { wire } from './injectors/awilix.js';
import type { ComponentInstance } from './instance.js';
import type { DeactivationReason } from './types.js';

/** One activation of a component, never used again: what its code finds by name, the object that it gave, its effects. */
export class Activation {
  readonly scope: Scope;
  /** What `activate` gave. */
  service: unknown;
  readonly #instance: ComponentInstance;
  readonly #engine: EngineParts;
  /** What the component's code finds by name. */
  cradle: Record<string, unknown> = {};
  /** The same with the configuration in force, once that changed. */
  #modified: Record<string, unknown> | undefined;

  constructor(instance: ComponentInstance, engine: EngineParts) {
    this.#instance = instance;
    this.#engine = engine;
    this.scope = new Scope(instance.label);
  }

  /** Calls `activate`. @returns the service, or its promise; throws what `activate` throws */
  begin(): unknown {
    const { definition, bindings } = this.#instance;
    const { options } = definition;
    const values = cradleValues(this.#instance, this.#engine, this.#config(), this.scope);
    const wired = wire(values, options.wiring as Parameters<typeof wire>[1]);
    if (wired.cradle !== values) this.scope.add('wiring', () => wired.dispose());
    this.cradle = wired.cradle;
    definition.construct?.(wired.cradle);
    for (const binding of bindings) binding.beginTelling();
    return options.activate(wired.cradle as never);
  }

  #config(): Readonly<Record<string, unknown>> {
    const { configuration, definition } = this.#instance;
    return configuration?.values ?? this.#engine.defaults(definition);
  }

  /** Gives the component, which is up, what the one before handed over. */
  takeOver(): void | Promise<void> {
    const { definition, set, label, log } = this.#instance;
    const { takeOver } = definition.options;
    const inherited = takeOver && set.inherits?.take(label);
    if (!inherited) return;
    const failed = (error: unknown): void =>
      log.warn({ error: errorRecord(error) }, `takeOver failed, going on without: ${errorMessage(error)}`);
    try {
      const pending = takeOver(this.service, inherited.state, inherited.from);
      if (pending) return this.#engine.inTime(pending, `takeOver of ${label}`).then(() => undefined, failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Adds what the component hands over. */
  handOver(bequeaths: Handover | undefined): void | Promise<void> {
    const { definition, label, log } = this.#instance;
    const { handOver } = definition.options;
    if (!bequeaths || !handOver) return;
    return (async () => bequeaths.keep(label, handOver(this.service)))().catch((error: unknown) =>
      log.warn({ error: errorRecord(error) }, `nothing is handed over: ${errorMessage(error)}`),
    );
  }

  /** Calls `modified` with the configuration in force. */
  modify(): void {
    const { definition, log } = this.#instance;
    const config = { value: this.#config(), enumerable: true };
    this.#modified = Object.create(this.cradle, { config }) as Record<string, unknown>;
    const failed = (error: unknown): void =>
      log.error({ error: errorRecord(error) }, `modified failed: ${errorMessage(error)}`);
    try {
      const pending = definition.options.modified?.(this.#modified as never, this.service);
      if (pending) void this.#engine.track(pending.catch(failed));
    } catch (error) {
      failed(error);
    }
  }

  /** Calls `deactivate`; what it throws is logged. */
  end(reason: DeactivationReason): void | Promise<void> {
    const { definition, label, log } = this.#instance;
    const failed = (error: unknown): void =>
      log.error({ error: errorRecord(error) }, `deactivate failed: ${errorMessage(error)}`);
    try {
      const pending = definition.options.deactivate?.(this.service, reason, (this.#modified ?? this.cradle) as never);
      if (pending) return this.#engine.inTime(pending, `deactivate of ${label}`).catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** Undoes its effects; at once when there are none, as promises would be most of the time that a thousand take. */
  close(): void | Promise<void> {
    if (this.scope.effects().length > 0) return this.#cleanUp();
    void this.scope.close();
  }

  async #cleanUp(): Promise<void> {
    const { log } = this.#instance;
    for (const failure of await this.scope.close(this.#engine.patience))
      log.warn({ error: failure }, `clean-up failed: ${failure.message}`);
  }
}
