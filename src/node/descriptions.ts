import type { Bundle, Framework, Revision, StaticComponent } from '../bundle/index.js';
import { describeComponent, type Logger } from '../component/index.js';
import { errorMessage, errorRecord } from '../errors.js';

/** What the components of bundles are, also of those that do not run. */
export class Descriptions {
  readonly #framework: Framework;
  readonly #log: Logger;
  /** By revision, as they were last told. */
  readonly #known = new WeakMap<Revision, readonly StaticComponent[]>();

  constructor(framework: Framework, log: Logger) {
    this.#framework = framework;
    this.#log = log;
  }

  /**
   * A packed bundle that does not run tells them by its static description, without its code being run; a folder in
   * development is loaded to tell, where it would run.
   */
  async of(bundle: Bundle): Promise<readonly StaticComponent[]> {
    const { revision } = bundle;
    if (bundle.state === 'ACTIVE') return this.#note(revision, bundle.definitions.map(describeComponent));
    const known = revision.manifest.components ?? this.#known.get(revision);
    if (known) return known;
    try {
      await bundle.resolve();
      return this.#note(revision, await this.#loaded(bundle));
    } catch (error) {
      this.#log.warn(
        { error: errorRecord(error) },
        `the schemas of ${bundle.name} are not known: ${errorMessage(error)}`,
      );
      return [];
    }
  }

  async #loaded(bundle: Bundle): Promise<StaticComponent[]> {
    if (bundle.isolation === 'space') return (await bundle.revision.load()).definitions.map(describeComponent);
    const run = this.#framework.makeRun(bundle, bundle.revision, bundle.isolation);
    try {
      await run.load();
      return run.definitions.map(describeComponent);
    } finally {
      await run.stop({ drain: 0 });
    }
  }

  #note(revision: Revision, components: readonly StaticComponent[]): readonly StaticComponent[] {
    this.#known.set(revision, components);
    return components;
  }
}
