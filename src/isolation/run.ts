import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  Revision,
  RevisionSource,
  Run,
  RunComponent,
  RunParts,
  StartOptions,
  StopOptions,
} from '../bundle/index.js';
import {
  Handover,
  lookedUp,
  pidsOf,
  type ComponentDefinition,
  type ConfiguredBundle,
  type InstanceConfiguration,
  type Logger,
} from '../component/index.js';
import { errorMessage, RackwattError, type ErrorRecord } from '../errors.js';
import type { ServiceGroup } from '../registry/index.js';
import type { Disposer } from '../scope/index.js';
import { parseCapabilities, permissionFlags } from './capabilities.js';
import { definitionOf, isFolder, providersOf, refuseLocal } from './content.js';
import { CALL_TIMEOUT } from './deadlines.js';
import { departureError, heapReached, memoryReached } from './departure.js';
import { ownFolders } from './folders.js';
import type { Departure, Host, HostOptions, Usage } from './host.js';
import { parseComponents, parseEffects, parseError, parseHandover, parseLoaded, parseLog } from './parse.js';
import { Peer } from './peer.js';
import { ProcessHost } from './process-host.js';
import type { ComponentNotice, Configurations, LoadRequest, StartRequest, StopRequest } from './protocol.js';
import { ChildServices, SharedServices } from './services.js';
import type { IsolationSettings } from './settings.js';
import { BEATS, Watchdog } from './watchdog.js';
import { WorkerHost } from './worker-host.js';

/** What runs outside the node's thread need of the node. */
export interface IsolationOptions {
  /** The node's storage: transformed sources and data folders lie there. */
  storage: string;
  /** Least level that is logged now. */
  level(): string;
  /** Limits for a bundle, by its name. */
  settings(bundle: string, kind: IsolationSettings['kind']): IsolationSettings;
  logger(bundle: string, component?: string): Logger;
  configurations(
    pid: string,
    definition: ComponentDefinition,
    bundle: ConfiguredBundle,
  ): readonly InstanceConfiguration[];
  defaults(definition: ComponentDefinition): Readonly<Record<string, unknown>>;
}

/** ms that a child gets to end by itself once it was stopped. */
const FAREWELL = 1_000;

/** A revision that runs in a worker or a process: this side of it. */
export class IsolatedRun implements Run {
  readonly revision: Revision;
  readonly services: ServiceGroup;
  readonly settings: IsolationSettings;
  readonly #parts: RunParts;
  readonly #options: IsolationOptions;
  readonly #over: () => void;
  readonly #listeners = new Set<() => void>();
  #host: Host | undefined;
  #peer: Peer | undefined;
  #shared: SharedServices | undefined;
  #watchdog: Watchdog | undefined;
  #memoryCheck: NodeJS.Timeout | undefined;
  #beats = 0;
  #definitions: readonly ComponentDefinition[] = [];
  #stageable = true;
  #components: readonly ComponentNotice[] = [];
  /** Told by the child before it ended itself. */
  #fault: ErrorRecord | undefined;
  /** Why this side ended it. */
  #ended: RackwattError | undefined;
  /** Resolves when it was ended and is still there. */
  readonly #lost = Promise.withResolvers<Departure>();
  /** Rejects with the reason when the child is gone. */
  #death: Promise<never> | undefined;
  #stopping = false;
  #started = false;

  /** @param ended called when it is over for good */
  constructor(kind: IsolationSettings['kind'], parts: RunParts, options: IsolationOptions, ended: () => void) {
    this.#over = ended;
    this.#parts = parts;
    this.#options = options;
    this.revision = parts.revision;
    this.settings = options.settings(parts.owner.name, kind);
    this.services = parts.registry.group(parts.owner, parts.stage);
  }

  get stageable(): boolean {
    return this.#stageable;
  }

  get definitions(): readonly ComponentDefinition[] {
    return this.#definitions;
  }

  /** Where it runs, such as `thread 3`; undefined when it does not. */
  get place(): string | undefined {
    return this.#host?.place;
  }

  usage(): Promise<Usage | undefined> {
    return this.#host?.usage() ?? Promise.resolve(undefined);
  }

  /** Its components as plain data. */
  notices(): readonly ComponentNotice[] {
    return this.#components;
  }

  async effects(label: string): Promise<string[]> {
    return parseEffects((await this.#peer?.request('effects', label)) ?? []);
  }

  /** @throws `ISOLATION_LOCAL`, `ISOLATION_STARTUP`, `CAPABILITY_UNKNOWN`, what evaluating its code threw, why it ended */
  async load(): Promise<void> {
    if (this.#host) return;
    const { owner, revision, patience } = this.#parts;
    const late = setTimeout(
      () => this.#end('ISOLATION_STARTUP', `it was not loaded in ${this.settings.startup / 1000} s`),
      this.settings.startup,
    );
    try {
      const sources = providersOf(revision);
      const host = await this.#makeHost(sources);
      const peer = this.#connect(host);
      const told = await this.#alive(
        peer.request(
          'load',
          {
            bundle: { owner: { id: owner.id, name: owner.name }, source: revision.source },
            providers: sources,
            storage: this.#options.storage,
            beat: this.settings.heartbeat / BEATS,
            ...(this.settings.kind === 'worker' ? { heap: this.settings.heap } : {}),
            level: this.#options.level(),
            patience,
            dropAddons: this.settings.kind === 'process' && !this.#capabilities().addons && isFolder(revision.source),
          } satisfies LoadRequest,
          { timeout: 0 },
        ),
      );
      const loaded = parseLoaded(told);
      refuseLocal(owner.name, this.settings.kind, loaded);
      this.#definitions = loaded.components.map(definitionOf);
      this.#stageable = !loaded.activator;
      this.#watch(host);
    } finally {
      clearTimeout(late);
    }
  }

  async start({ held, inherits }: StartOptions): Promise<void> {
    await this.load();
    const { registry, patience } = this.#parts;
    if (!held) registry.flip([this.services], []);
    new ChildServices(this.#peer!, this.services);
    this.#shared = new SharedServices(this.#peer!, registry, this.services, this.revision.manifest.capabilities);
    await this.#alive(
      this.#peer!.request(
        'start',
        {
          configurations: this.#configurations(),
          ...(inherits ? { inherits: { from: inherits.from, entries: inherits.entries() } } : {}),
        } satisfies StartRequest,
        { timeout: patience + CALL_TIMEOUT },
      ),
    );
    this.#started = true;
  }

  components(): RunComponent[] {
    return this.#components.map(({ info, state, failure }) => ({
      label: info.name,
      state,
      failed: failure?.message,
      why: () => info.reasons,
    }));
  }

  onChange(listener: () => void): Disposer {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async handOver(bequeaths: Handover): Promise<void> {
    const handedOver = await this.#alive(this.#peer!.request('handOver'));
    for (const [label, bytes] of parseHandover(handedOver)) bequeaths.add(label, bytes);
  }

  async takeOver(inherits: Handover): Promise<void> {
    await this.#alive(this.#peer!.request('takeOver', { from: inherits.from, entries: inherits.entries() }));
  }

  /** Configurations changed; the child is told when they are its own. */
  async configurationsChanged(pids: ReadonlySet<string>): Promise<void> {
    const isTouched = this.#definitions.flatMap(pidsOf).some((pid) => pids.has(pid));
    if (!isTouched || !this.#started || this.#stopping) return;
    try {
      await this.#alive(this.#peer!.request('configure', this.#configurations()));
    } catch (error) {
      // When it is gone meanwhile, the next run starts with them.
      if (!this.#peer!.closed) this.#parts.error(error);
    }
  }

  /** Another level is logged from now on. */
  levelChanged(): void {
    if (!this.#peer?.closed) this.#peer?.tell('level', this.#options.level());
  }

  async stop({ reason, drain = this.#parts.components.drain, bequeaths }: StopOptions = {}): Promise<void> {
    const { components, patience } = this.#parts;
    const until = performance.now() + drain;
    this.#stopping = true;
    this.#watchdog?.stop();
    const left = (): number => Math.max(0, until - performance.now());
    try {
      if (this.#started && !this.#peer?.closed) {
        if (!this.services.leaving) await components.flip([], [this.services]);
        await this.services.drain(left());
        const handedOver = await this.#alive(
          this.#peer!.request(
            'stop',
            { ...(reason === undefined ? {} : { reason }), drain: left() } satisfies StopRequest,
            { timeout: patience + left() },
          ),
        );
        for (const [label, bytes] of parseHandover(handedOver)) bequeaths?.add(label, bytes);
      }
    } finally {
      this.services.close();
      await this.#farewell();
    }
  }

  /** The child ends by itself when its port closes; what does not in time is ended. */
  async #farewell(): Promise<void> {
    clearInterval(this.#memoryCheck);
    this.#shared?.close();
    this.#peer?.close();
    this.#components = [];
    const host = this.#host;
    if (!host) return this.#over();
    const timer = setTimeout(() => host.kill(), FAREWELL);
    const isGone = await Promise.race([host.gone, delay(2 * FAREWELL, undefined, { ref: false })]);
    clearTimeout(timer);
    if (!isGone) {
      host.giveUp();
      this.#parts.error(
        new RackwattError('ISOLATION_STUCK', `${host.place} hangs in a call of the system that nothing can end`),
      );
    }
    this.#host = undefined;
    this.#over();
  }

  #capabilities() {
    const { name, capabilities } = this.revision.manifest;
    return parseCapabilities(name, capabilities);
  }

  async #makeHost(sources: readonly RevisionSource[]): Promise<Host> {
    const { owner, revision, dataFolder } = this.#parts;
    const log = this.#options.logger(owner.name);
    const options: HostOptions = {
      name: owner.name,
      heap: this.settings.heap,
      line: (stream, text) => (stream === 'stdout' ? log.info({ stream }, text) : log.warn({ stream }, text)),
    };
    const capabilities = this.#capabilities();
    if (this.settings.kind === 'worker') return (this.#host = new WorkerHost(options));
    const cache = join(this.#options.storage, 'cache');
    // What does not exist when the process starts is granted as a file, not as a folder.
    await mkdir(cache, { recursive: true });
    const folders = ownFolders([revision.source, ...sources], { cache, data: dataFolder() });
    const permissions = permissionFlags(capabilities, folders, isFolder(revision.source));
    return (this.#host = await ProcessHost.make({ ...options, permissions }));
  }

  #connect(host: Host): Peer {
    const { owner, error } = this.#parts;
    const peer = new Peer(host.port, { label: `${owner.name} (${host.place})`, onError: error });
    this.#peer = peer;
    peer.onTell('beat', () => this.#beats++);
    peer.onTell('overfull', () => this.#end('ISOLATION_MEMORY', heapReached(this.settings.heap)));
    peer.onTell('failed', (record) => (this.#fault = parseError(record)));
    peer.onTell('log', (line) => {
      const { level, component, fields, message } = parseLog(line);
      this.#options.logger(owner.name, component)[level](fields, message);
    });
    peer.onTell('components', (components) => {
      this.#components = parseComponents(components, owner.name);
      for (const listener of this.#listeners) listener();
    });
    this.#death = Promise.race([host.gone, this.#lost.promise]).then((departure): never => {
      const fault = this.#fault ? { ...departure, error: this.#fault } : departure;
      const child = { bundle: owner.name, place: host.place, heap: this.settings.heap };
      const reason = this.#ended ?? departureError(child, fault);
      this.#gone(reason);
      throw reason;
    });
    // Whoever waits for an answer of the child hears of it; when nobody does, `died` says it.
    this.#death.catch(errorMessage);
    return peer;
  }

  /** What the child answers, or why it is gone. */
  #alive<T>(answer: Promise<T>): Promise<T> {
    return Promise.race([
      answer.catch(async (error: unknown) => {
        // A closed port is told before the exit that says why.
        if ((error as { code?: unknown }).code === 'PEER_GONE') await this.#death;
        throw error;
      }),
      this.#death!,
    ]);
  }

  #watch(host: Host): void {
    this.#watchdog = new Watchdog({
      heartbeat: this.settings.heartbeat,
      beats: () => this.#beats,
      processorTime: async () => (await host.usage())?.processorTime,
      onSilent: (how) => this.#end('ISOLATION_SILENT', how),
    });
    let looked = this.#beats;
    this.#memoryCheck = setInterval(() => {
      const isSilent = looked === this.#beats;
      looked = this.#beats;
      if (this.settings.kind === 'process' || isSilent) void this.#checkMemory(host);
    }, this.settings.heartbeat / BEATS).unref();
  }

  /** A worker that beats looks at its heap itself; one that does not is ended before V8 would end the node with it. */
  async #checkMemory(host: Host): Promise<void> {
    const { kind, heap, memory } = this.settings;
    const used = (await host.usage())?.memory ?? 0;
    if (kind === 'worker' && used > 2 * heap) this.#end('ISOLATION_MEMORY', heapReached(heap));
    if (kind === 'process' && used > memory) this.#end('ISOLATION_MEMORY', memoryReached(used, memory));
  }

  /** Ends the child now, with the reason that everybody gets who waits for it. */
  #end(code: string, why: string): void {
    const { name } = this.#parts.owner;
    this.#ended ??= new RackwattError(code, `${name} was ended in ${this.#host?.place ?? this.settings.kind}: ${why}`, {
      context: { bundle: name },
    });
    this.#host?.kill();
    // A thread that is in a call of the system ends when that returns; nobody waits for it.
    setTimeout(() => this.#lost.resolve({ code: null, signal: null, outOfMemory: false }), FAREWELL).unref();
  }

  /** The child is gone: nothing of it can be called any more. */
  #gone(reason: RackwattError): void {
    this.#watchdog?.stop();
    clearInterval(this.#memoryCheck);
    this.#shared?.close();
    this.#peer?.close(reason.message);
    if (this.#stopping) return;
    this.services.close();
    this.#components = [];
    for (const listener of this.#listeners) listener();
    if (this.#started) this.#parts.died(reason);
  }

  #configurations(): Configurations {
    const { manifest, location } = this.revision.source;
    const bundle = { name: manifest.name, version: manifest.version, location };
    return Object.fromEntries(
      this.#definitions.map((definition) => {
        const instances = lookedUp(definition, bundle, (...asked) => this.#options.configurations(...asked));
        return [definition.options.name, { instances, defaults: this.#options.defaults(definition) }];
      }),
    );
  }
}
