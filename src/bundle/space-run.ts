import { explain, type ComponentSet, type Handover } from '../component/index.js';
import type { ServiceGroup } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import { BundleContext } from './context.js';
import { inTime } from './in-time.js';
import type { Loaded, Revision } from './revision.js';
import type { Run, RunComponent, RunParts, StartOptions, StopOptions } from './run.js';

/** A revision that runs in a module space of this process. */
export class SpaceRun implements Run {
  readonly revision: Revision;
  readonly services: ServiceGroup;
  readonly #parts: RunParts;
  #loaded: Loaded | undefined;
  #context: BundleContext | undefined;
  #components: ComponentSet | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
    this.revision = parts.revision;
    this.services = parts.registry.group(parts.owner, parts.stage);
  }

  get stageable(): boolean {
    return !this.#loaded?.activator;
  }

  get definitions(): Loaded['definitions'] {
    return this.#loaded?.definitions ?? [];
  }

  async load(): Promise<void> {
    const { died, patience } = this.#parts;
    this.#loaded ??= await inTime(this.revision.load(died), patience, 'its main module was not evaluated');
  }

  async start({ held, inherits }: StartOptions): Promise<void> {
    await this.load();
    const { owner, container, revision, registry, components, patience } = this.#parts;
    if (!held) registry.flip([this.services], []);
    const { activator, definitions } = this.#loaded!;
    const { version } = revision.manifest;
    const dataFolder = (): string => this.#parts.dataFolder();
    if (activator) {
      this.#context = new BundleContext({ ...owner, version }, container, this.services, dataFolder);
      await inTime(activator.start(this.#context), patience, 'its activator did not finish starting');
    }
    const resolve = (specifier: string): string => revision.resolvePath(specifier);
    const { location } = revision.source;
    this.#components = components.add({ owner, version, location, dataFolder, resolve }, definitions, {
      services: this.services,
      inherits,
    });
  }

  components(): RunComponent[] {
    return Array.from(this.#components?.instances ?? [], (instance) => ({
      label: instance.label,
      state: instance.state,
      failed: instance.failure?.message,
      why: () => explain(instance),
    }));
  }

  onChange(listener: () => void): Disposer {
    return this.#parts.components.onChange(listener);
  }

  async handOver(bequeaths: Handover): Promise<void> {
    if (this.#components) await this.#parts.components.handOver(this.#components, bequeaths);
  }

  async takeOver(inherits: Handover): Promise<void> {
    if (this.#components) await this.#parts.components.takeOver(this.#components, inherits);
  }

  async stop({ reason, drain = this.#parts.components.drain, bequeaths }: StopOptions = {}): Promise<void> {
    const until = performance.now() + drain;
    let failure: { error: unknown } | undefined;
    try {
      if (this.#components) await this.#parts.components.remove(this.#components, reason, { drain, bequeaths });
      if (this.#context) await this.#stopActivator(this.#context, until);
    } catch (error) {
      failure = { error };
    }
    const failures = (await this.#context?.scope.close(this.#parts.patience)) ?? [];
    for (const error of failures) this.#parts.error(error);
    this.#context?.invalidate();
    this.services.close();
    this.#context = undefined;
    this.#components = undefined;
    this.#loaded = undefined;
    this.revision.unload();
    if (failure) throw failure.error;
  }

  /** Its services go after it was told, as OSGi has it, and what was called on them by then may still end. */
  async #stopActivator(context: BundleContext, until: number): Promise<void> {
    const { owner, registry, patience } = this.#parts;
    try {
      await inTime(this.#loaded?.activator?.stop?.(context), patience, 'its activator did not finish stopping');
    } finally {
      registry.releaseOwner(owner);
      await this.services.drain(Math.max(0, until - performance.now()));
    }
  }
}
