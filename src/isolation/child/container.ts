import { createRequire } from 'node:module';
import { join } from 'node:path';
import { containerModules, Framework, SpaceRun } from '../../bundle/index.js';
import { componentInfo, describeComponent, Handover, pidsOf, type ComponentDefinition } from '../../component/index.js';
import { errorMessage, errorRecord, RackwattError } from '../../errors.js';
import { EventAdmin } from '../../event/contract.js';
import type { Contract } from '../../registry/contract.js';
import { ServiceStage } from '../../registry/index.js';
import { TransformCache } from '../../space/index.js';
import { VERSION } from '../../version.js';
import { whyLocal } from '../errors.js';
import { Peer } from '../peer.js';
import type { Port } from '../port.js';
import {
  type ComponentNotice,
  type Configurations,
  type HandoverData,
  type LoadRequest,
  type Loaded,
  type StartRequest,
  type StopRequest,
} from '../protocol.js';
import { heapOver } from './heap.js';
import { remoteLogger } from './log.js';
import { ChildRegistry } from './registry.js';
import { NodeServices, OwnServices } from './services.js';

/** ms between two looks at what components wait for; what they become is told at once. */
const LOOK = 200;

/**
 * The small container that runs one revision of one bundle in a worker or process, as the node's own would: its own module
 * space, its own components, mirrors of the services that it asks for.
 */
export class ChildContainer {
  readonly peer: Peer;
  #run: SpaceRun | undefined;
  #framework: Framework | undefined;
  #configurations: Configurations = {};
  /** Least level of log lines that are sent. */
  #level = 'info';
  /** Every contract that the bundle's code, or a contract that it imports, declared. */
  readonly #contracts = new Map<string, Contract<unknown>>();
  #told = '';
  #telling: NodeJS.Immediate | undefined;

  /** @param end called when the node is gone, or wants it to end */
  constructor(port: Port, end: () => void) {
    const onError = (error: unknown): void => this.#report(error);
    this.peer = new Peer(port, { label: 'node', onClose: end, onError });
    this.peer.handle('load', (body) => this.#load(body as LoadRequest));
    this.peer.handle('start', (body) => this.#start(body as StartRequest));
    this.peer.handle('stop', (body) => this.#stop(body as StopRequest));
    this.peer.handle('handOver', () => this.#handOver());
    this.peer.handle('takeOver', (body) => {
      const { from, entries } = body as HandoverData;
      return this.#loaded().run.takeOver(Handover.of(from, entries));
    });
    this.peer.handle('effects', (label) => this.#effects(label as string));
    this.peer.onTell('level', (level) => (this.#level = level as string));
    this.peer.handle('configure', (body) => this.#configure(body as Configurations));
  }

  async #load({ bundle, providers, storage, beat, heap, level, patience, dropAddons }: LoadRequest): Promise<Loaded> {
    this.#level = level;
    const asked = (contract: Contract<unknown>): void =>
      void this.#ask([contract]).catch((error: unknown) => this.#report(error));
    const framework = new Framework({
      ...containerModules(this.#noting(await import('../../index.js'))),
      storage,
      version: VERSION,
      patience,
      logger: (_, component) =>
        remoteLogger(
          (line) => this.peer.tell('log', line),
          () => this.#level,
          component,
        ),
      configurations: (pid, definition) => this.#configurations[definition.options.name]?.instances[pid] ?? [],
      defaults: (definition) => this.#configurations[definition.options.name]?.defaults ?? {},
      alone: true,
      transforms: new TransformCache(join(storage, 'cache')),
      registry: (options) => new ChildRegistry(options, asked),
    });
    this.#framework = framework;
    for (const provider of providers) framework.install(provider);
    if (dropAddons) refuseAddons();
    const revision = framework.makeRevision(bundle.source);
    await framework.wire([revision]);
    const run = new SpaceRun({
      owner: bundle.owner,
      container: framework,
      revision,
      registry: framework.registry,
      components: framework.components,
      patience: framework.patience,
      stage: new ServiceStage(),
      dataFolder: () => framework.dataFolder(revision.manifest),
      error: (error) => this.#report(error),
      died: (error) => this.#report(error),
    });
    this.#run = run;
    await run.load();
    setInterval(() => this.#beat(heap), beat);
    this.#beat(heap);
    return {
      components: run.definitions.map((definition) => plain(describeComponent(definition))),
      activator: !run.stageable,
      local: run.definitions.flatMap(localContracts),
    };
  }

  #beat(heap: number | undefined): void {
    if (heap !== undefined && heapOver(heap) !== undefined) this.peer.tell('overfull');
    this.peer.tell('beat');
  }

  async #start({ configurations, inherits }: StartRequest): Promise<void> {
    const { framework, run } = this.#loaded();
    const registry = framework.registry as ChildRegistry;
    this.#configurations = configurations;
    new OwnServices(this.peer, registry, run.services.owner.id);
    new NodeServices(this.peer, registry);
    const wanted = run.definitions.flatMap(({ options }) => Object.values(options.references ?? {}));
    await this.#ask(wanted.map(({ contract }) => contract));
    // An activator asks when it runs, and cannot wait for the answer.
    if (!run.stageable)
      await this.#ask([EventAdmin, ...this.#contracts.values()].filter((contract) => whyLocal(contract) === undefined));
    framework.components.onChange(() => this.#tellSoon());
    setInterval(() => this.#tell(), LOOK);
    await run.start({ held: false, inherits: inherits && Handover.of(inherits.from, inherits.entries) });
    this.#tell();
  }

  async #handOver(): Promise<[string, Uint8Array][]> {
    const { run } = this.#loaded();
    const bequeaths = new Handover(run.revision.manifest.version);
    await run.handOver(bequeaths);
    return bequeaths.entries();
  }

  async #stop({ reason, drain }: StopRequest): Promise<[string, Uint8Array][]> {
    const { run } = this.#loaded();
    const bequeaths = new Handover(run.revision.manifest.version);
    await run.stop({ drain, bequeaths, ...(reason === undefined ? {} : { reason }) });
    return bequeaths.entries();
  }

  /** Resolves when the node's services of these contracts are mirrored. */
  async #ask(contracts: readonly Contract<unknown>[]): Promise<void> {
    if (contracts.length > 0) {
      const ids = contracts.map(({ id }) => id);
      await this.peer.request('ask', ids, { timeout: 0 });
    }
  }

  async #configure(configurations: Configurations): Promise<void> {
    this.#configurations = configurations;
    const { framework, run } = this.#loaded();
    await framework.components.configurationsChanged(run.definitions.flatMap(pidsOf));
    this.#tell();
  }

  /** What bundles import as `rackwatt`, with an ear for the contracts that they declare. */
  #noting(rackwatt: typeof import('../../index.js')): object {
    return {
      ...rackwatt,
      contract: (...given: Parameters<typeof rackwatt.contract>) => {
        const made = rackwatt.contract(...given);
        this.#contracts.set(made.id, made);
        return made;
      },
    };
  }

  #effects(label: string): string[] {
    const instances = this.#framework?.components.instances() ?? [];
    return instances.find((instance) => instance.label === label)?.scope?.effects() ?? [];
  }

  /** Many changes of one turn are told once. */
  #tellSoon(): void {
    this.#telling ??= setImmediate(() => this.#tell());
  }

  #tell(): void {
    clearImmediate(this.#telling);
    this.#telling = undefined;
    const components = (this.#framework?.components.instances() ?? []).map(
      (instance): ComponentNotice => ({
        info: componentInfo(instance),
        state: instance.state,
        ...(instance.failure ? { failure: instance.failure } : {}),
        activationTime: instance.activationTime,
      }),
    );
    const text = JSON.stringify(components);
    if (text === this.#told) return;
    this.#told = text;
    this.peer.tell('components', components);
  }

  #report(error: unknown): void {
    this.peer.tell('log', { level: 'error', fields: { error: errorRecord(error) }, message: errorMessage(error) });
  }

  /** @throws `BUNDLE_STATE` */
  #loaded(): { framework: Framework; run: SpaceRun } {
    if (!this.#framework || !this.#run)
      throw new RackwattError('BUNDLE_STATE', 'the child container was asked to run a bundle before it loaded one');
    return { framework: this.#framework, run: this.#run };
  }
}

/** What a component provides or needs of contracts that cannot cross. */
function localContracts({ options }: ComponentDefinition): Loaded['local'] {
  const { name, provides = [], references = {} } = options;
  const provided = 'id' in provides ? [provides] : provides;
  const needed = Object.values(references).map(({ contract }) => contract);
  const kept = (contracts: readonly Contract<unknown>[], isProvided: boolean): Loaded['local'] =>
    contracts.flatMap((contract) => {
      const why = whyLocal(contract);
      return why === undefined ? [] : [{ component: name, contract: contract.id, provides: isProvided, why }];
    });
  return [...kept(provided, true), ...kept(needed, false)];
}

/** The runtime's own addons, which find and transform modules of folders, are loaded; from now on nobody loads another. */
function refuseAddons(): void {
  const require = createRequire(import.meta.url);
  for (const name of ['oxc-resolver', 'oxc-parser', 'oxc-transform']) require(name);
  const drop: unknown = Reflect.get(process.permission, 'drop');
  if (typeof drop !== 'function')
    throw new RackwattError(
      'ISOLATION_PERMISSION',
      'this Node cannot give a permission back, so that a bundle in a folder cannot be kept from addons; pack the bundle, or run a newer Node 24',
    );
  Reflect.apply(drop, process.permission, ['addon']);
}

/** Schemas made with typebox carry marks that do not cross. */
function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
