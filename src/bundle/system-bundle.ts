import { RackwattError } from '../errors.js';
import type { BundleInfo, BundleState } from './contract.js';
import type { FrameworkEvent, FrameworkEventType } from './events.js';
import { parseManifest, type Manifest } from './manifest.js';
import { insideOperation, outside } from './operations.js';
import type { BundleView } from './view.js';

/** The container as its own bundle sees it. */
export interface SystemHost {
  readonly version: string;
  /** Makes the container what it was when it was last stopped, with nothing started yet. */
  open(): Promise<void>;
  /** Never rejects. */
  climb(level: number | undefined): Promise<void>;
  /** Stops every bundle; never rejects. */
  descend(): Promise<void>;
  fire(type: FrameworkEventType): void;
  /** Told of what went wrong, whether somebody waits for it or not. */
  failed(error: unknown): void;
}

/** How a container ended. */
export type StopEvent = FrameworkEvent & { readonly type: 'STOPPED' | 'STOPPED_UPDATE' | 'WAIT_TIMEDOUT' };

/** The container as a bundle, id 0: its states are those of the container (OSGi Core 4.6, 4.2). */
export class SystemBundle implements BundleView {
  readonly id = 0;
  readonly name = 'rackwatt';
  readonly location = 'System Bundle';
  readonly startLevel = 0;
  readonly autostart = true;
  readonly #host: SystemHost;
  #state: BundleState = 'INSTALLED';
  #manifest: Manifest | undefined;
  #last: Promise<void> = Promise.resolve();
  #stopped = Promise.withResolvers<StopEvent>();

  constructor(host: SystemHost) {
    this.#host = host;
  }

  get state(): BundleState {
    return this.#state;
  }

  get version(): string {
    return this.#host.version;
  }

  get manifest(): Manifest {
    const { name, version } = this;
    return (this.#manifest ??= parseManifest(JSON.stringify({ name, version, rackwatt: {} }), this.location));
  }

  info(): BundleInfo {
    const { id, name, version, state, location, startLevel } = this;
    return { id, name, version, state, location, startLevel, update: 'exclusive', isolation: 'space' };
  }

  entry(): undefined {
    return undefined;
  }

  entries(): string[] {
    return [];
  }

  /** STARTING: contexts can be had, and what was installed is, but nothing is started. */
  init(): Promise<void> {
    return this.#then(() => this.#init());
  }

  async #init(): Promise<void> {
    if (this.#state === 'STARTING' || this.#state === 'ACTIVE') return;
    this.#stopped = Promise.withResolvers();
    this.#state = 'STARTING';
    try {
      await this.#host.open();
    } catch (error) {
      this.#state = 'RESOLVED';
      throw error;
    }
  }

  /** Starts the bundles up to a level; then it is ACTIVE, and the event STARTED is fired. Again does nothing. */
  start(level?: number): Promise<void> {
    return this.#then(async () => {
      await this.#init();
      if (this.#state === 'ACTIVE') return;
      await this.#host.climb(level);
      this.#state = 'ACTIVE';
      this.#host.fire('STARTED');
    });
  }

  /** Begins to stop the container, and returns; `stopped` waits for the end. */
  async stop(): Promise<void> {
    void this.shutDown();
  }

  /** Begins to stop the container and to start it again, and returns. */
  async update(): Promise<void> {
    const { state } = this;
    void this.shutDown('STOPPED_UPDATE').then(() => (state === 'ACTIVE' ? this.start() : this.init()));
  }

  /** @throws `BUNDLE_STATE` always */
  async uninstall(): Promise<void> {
    throw new RackwattError('BUNDLE_STATE', 'the container itself cannot be uninstalled');
  }

  /** Stops every bundle, autostart untouched, and settles when that is done. */
  shutDown(type: 'STOPPED' | 'STOPPED_UPDATE' = 'STOPPED'): Promise<void> {
    return this.#then(async () => {
      const ran = this.#state === 'STARTING' || this.#state === 'ACTIVE';
      if (ran) this.#state = 'STOPPING';
      await this.#host.descend();
      this.#state = 'RESOLVED';
      if (ran) this.#host.fire(type);
      this.#stopped.resolve({ type, bundle: this });
    });
  }

  /**
   * How the container ended: at once where it does not run.
   * @param timeout ms; 0 waits for ever
   */
  async stopped(timeout = 0): Promise<StopEvent> {
    if (this.#state === 'INSTALLED') return { type: 'STOPPED', bundle: this };
    const { promise } = this.#stopped;
    if (timeout === 0) return promise;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<StopEvent>((resolve) => {
      timer = setTimeout(() => resolve({ type: 'WAIT_TIMEDOUT', bundle: this }), timeout);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** One after the other; asked from inside the start or stop of a bundle, which it may have to wait for, it does not wait. */
  async #then(act: () => Promise<void>): Promise<void> {
    const done = outside(() => this.#last.then(act));
    this.#last = done.catch((error: unknown) => this.#host.failed(error));
    if (!insideOperation()) await done;
  }
}
