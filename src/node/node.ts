import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { containerModules, Framework } from '../bundle/index.js';
import {
  ConfigurationStore,
  type ApplyResult,
  type ConfigurationSchema,
  type RuntimeDocument,
  type TargetBundle,
} from '../configuration/index.js';
import type { ComponentDefinition, Logger } from '../component/index.js';
import {
  BundleStore,
  Deployment,
  DROP_INS_FILE,
  DropInFolder,
  findSource,
  launcher,
  RESTART,
  TrustStore,
} from '../deployment/index.js';
import { errorMessage, errorRecord, RackwattError } from '../errors.js';
import { IsolatedRuns } from '../isolation/index.js';
import { Scope } from '../scope/index.js';
import { RevisionTokens, TransformCache } from '../space/index.js';
import { VERSION } from '../version.js';
import { serveSocket, socketPath } from './admin-socket.js';
import { Assembly } from './assembly.js';
import { Changes } from './changes.js';
import { deploymentService } from './deployment-service.js';
import { Descriptions } from './descriptions.js';
import { ConfigurationServices } from './configuration-services.js';
import { containFaults } from './faults.js';
import { Installation } from './installation.js';
import { Logs } from './logs.js';
import { Definitions } from './metatype.js';
import { socketMethods } from './methods.js';
import { registerReaders } from './readers.js';
import { healthOf, registerRuntime, runtimeService, SYSTEM, urlOf } from './runtime-service.js';
import { isSameRuntime, Runtimes } from './runtimes.js';
import { StartupTimes, type StartupTime } from './startup.js';

export interface NodeOptions {
  /** Where warnings and errors are shown in words; nowhere when absent. */
  console?: (text: string) => void;
  consoleLevel?: number;
  /** Variables of the environment; those of the process when absent. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** A node that only looks (schemas, validation): no log file, nothing is started. */
  idle?: boolean;
}

const QUIET: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** One node: the framework, brought to what its `runtime.config.json` says and kept there while it runs. */
export class Node {
  readonly configuration: ConfigurationStore;
  readonly framework: Framework;
  readonly logs: Logs;
  readonly configurations: ConfigurationServices;
  readonly definitions: Definitions;
  readonly installation: Installation;
  readonly runtimes: Runtimes;
  readonly tokens = new RevisionTokens();
  exitStatus = 0;
  readonly #home: { folder: string; file: string };
  readonly #scope = new Scope('node');
  readonly #assembly: Assembly;
  readonly #isolated: IsolatedRuns;
  readonly #store: BundleStore;
  readonly #deployment: Deployment;
  /** Absent in a node that only looks. */
  readonly #changes: Changes | undefined;
  readonly #log: Logger;
  readonly #stopping = new AbortController();
  readonly #started = new Date();
  readonly #times = new StartupTimes();
  /** What the launcher found. */
  readonly #begun: RuntimeDocument;
  #previous: RuntimeDocument;
  #dropIns: DropInFolder | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(
    home: { folder: string; file: string },
    configuration: ConfigurationStore,
    parts: {
      logs: Logs;
      store: BundleStore;
      modules: ReturnType<typeof containerModules>;
      changes: Changes | undefined;
      environment: Readonly<Record<string, string | undefined>>;
    },
  ) {
    this.#home = home;
    this.configuration = configuration;
    this.logs = parts.logs;
    this.#store = parts.store;
    this.#changes = parts.changes;
    this.#begun = configuration.document;
    this.#previous = configuration.document;
    this.#log = this.logs.logger('rackwatt');
    const log = (bundle: string, component?: string): Logger => this.logs.logger(bundle, component);
    const components = {
      configurations: (pid: string, definition: ComponentDefinition, bundle: TargetBundle) =>
        this.#assembly.configurationsOf(pid, definition, bundle),
      defaults: (definition: ComponentDefinition) => Assembly.defaults(definition),
    };
    this.#isolated = new IsolatedRuns({
      ...components,
      storage: configuration.storage,
      level: () => this.logs.level,
      logger: log,
      settings: (bundle, kind) => this.#assembly.limits(bundle, kind),
    });
    this.framework = new Framework({
      ...parts.modules,
      ...components,
      storage: configuration.storage,
      remembers: parts.changes !== undefined,
      version: VERSION,
      logger: log,
      isolation: this.#isolated.makers,
      transforms: new TransformCache(join(configuration.storage, 'cache')),
      tokens: this.tokens,
      migration: {
        configurations: (bundle, pids) => this.#assembly.migrated.configurations(bundle, pids),
        check: (definitions, migrated) => this.#assembly.migrated.check(definitions, migrated),
        take: (migrated) => this.#assembly.migrated.take(migrated),
      },
    });
    this.definitions = new Definitions(this.framework, new Descriptions(this.framework, this.#log), this.#log);
    this.#assembly = new Assembly({
      framework: this.framework,
      isolated: this.#isolated,
      log: this.#log,
      home: home.folder,
      environment: parts.environment,
      find: (entry) => this.#find(entry),
      prepare: (document) => configuration.prepare(document),
    });
    this.configurations = new ConfigurationServices({
      framework: this.framework,
      store: configuration,
      configurations: this.#assembly.configurations,
      definitions: this.definitions,
      log: this.#log,
    });
    const deploying = {
      framework: this.framework,
      configuration,
      store: this.#store,
      changes: () => this.#changes!,
      find: (entry: { id: string; digest?: string }) => this.#find(entry),
      allowsUnsigned: () => this.#trusts('store'),
      configured: () => this.#assembly.configured(),
    };
    this.installation = new Installation(deploying);
    this.runtimes = new Runtimes(deploying);
    this.#deployment = deploymentService({ ...deploying, installation: this.installation, stopping: this.stopping });
    this.framework.onFrameworkEvent(
      ({ type, bundle, error, message }) => {
        if (type === 'ERROR') this.logs.logger(bundle.name).error({ error }, errorMessage(error));
        if (type === 'WARNING') this.logs.logger(bundle.name).warn(message!);
      },
      { synchronous: true },
    );
  }

  /** Reads the configuration and makes the container, with nothing in it yet. @throws `CONFIG_READ`, `CONFIG_INVALID` */
  static async open(home: { folder: string; file: string }, options: NodeOptions = {}): Promise<Node> {
    const log: { current: Logger } = { current: QUIET };
    let node: Node | undefined;
    let changes: Changes | undefined;
    const generations = async (storage: string) => (changes = await Changes.open({ storage, file: home.file })).ledger;
    const configuration = new ConfigurationStore({
      file: home.file,
      hooks: {
        schemas: (document) => node?.schemas(document) ?? [],
        ...(options.idle ? {} : { apply: (_difference, document, back) => node!.#apply(document, back) }),
        settled: () => node?.configurations.announce(),
      },
      ...(options.idle ? {} : { generations }),
      log: {
        info: (fields, message) => log.current.info(fields, message),
        warn: (fields, message) => log.current.warn(fields, message),
        error: (fields, message) => log.current.error(fields, message),
      },
    });
    const document = await configuration.load();
    await mkdir(configuration.storage, { recursive: true, mode: 0o700 });
    const logs = new Logs({
      ...(options.idle ? {} : { folder: join(configuration.storage, 'log') }),
      level: document.framework.log.level,
      ...(options.console ? { console: options.console } : {}),
      ...(options.consoleLevel === undefined ? {} : { consoleLevel: options.consoleLevel }),
    });
    const trust = new TrustStore({
      keys: resolve(home.folder, document.framework.trust.keys),
      state: join(configuration.storage, 'trust'),
    });
    const store = new BundleStore({ folder: join(configuration.storage, 'store'), trust });
    const modules = containerModules(await import('../index.js'));
    node = new Node(home, configuration, {
      logs,
      store,
      modules,
      changes,
      environment: options.environment ?? process.env,
    });
    log.current = node.#log;
    changes?.attach({
      framework: node.framework,
      log: node.#log,
      trust,
      document: () => configuration.document,
      health: () => healthOf(node!.framework),
      revert: (text, undo) => configuration.revert(text, undo),
      idle: () => configuration.idle(),
      wantsRestart: (next = node!.#previous) => !isSameRuntime(node!.#begun, next),
      restart: () => node!.#restart(),
    });
    return node;
  }

  get id(): string {
    return this.configuration.document.id;
  }

  /** Aborts when the node is asked to stop from within. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Brings everything up. Settles when the bundles are started and their components are active or wait for something. */
  async start(): Promise<void> {
    const { document, storage } = this.configuration;
    const runtime = runtimeService(this.framework, {
      id: this.id,
      version: VERSION,
      started: this.#started,
      home: this.#home.folder,
    });
    await serveSocket(socketPath(storage), this.#scope, socketMethods(this, runtime, this.configurations.admin));
    containFaults({
      framework: this.framework,
      log: this.#log,
      scope: this.#scope,
      fatal: (error) => this.#fatal(error),
    });
    this.#scope.add('changes of components', registerRuntime(this.framework, this.#isolated, runtime));
    registerReaders(this.framework, this.logs);
    this.configurations.register();
    this.framework.registry.register(SYSTEM, Deployment, this.#deployment);
    await this.#times.measure('schemas', () => this.#assembly.configurations.check());
    this.#times.follow(this.framework);
    await this.framework.init();
    await this.#times.measure('install', () => this.#assembly.begin(document));
    this.configurations.open();
    await this.#times.measure('start', async () => {
      await this.framework.start(document.framework.startLevel);
      await this.framework.components.settled().catch((error: unknown) => this.#log.warn(errorMessage(error)));
    });
    await this.configuration.keepGeneration('started').catch((error: unknown) => this.#log.warn(errorMessage(error)));
    await this.#changes?.begin();
    await this.#assembly.migrated.write(this.configuration, this.#log);
    await this.#sayWhatIsWrong();
    await this.configuration.watch(this.#scope);
    if (document.framework.dropins !== undefined)
      await this.#watchDropIns(resolve(this.#home.folder, document.framework.dropins));
    this.#times.end();
  }

  /** Stops every bundle and closes everything; the storage is then as a next start wants it. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      this.#stopping.abort();
      await this.#changes?.end(this.exitStatus === 0 || this.exitStatus === RESTART);
      await this.framework.stop();
      this.configurations.close();
      for (const failure of await this.#scope.close()) this.#log.warn({ error: failure }, failure.message);
      await this.logs.close();
    })();
    return this.#stopped;
  }

  /** What lies in the drop-in folder; undefined when there is none. */
  get dropIns(): DropInFolder | undefined {
    return this.#dropIns;
  }

  requestStop(): void {
    this.#stopping.abort();
  }

  startup(): StartupTime {
    return this.#times.tree();
  }

  /** Where people look. */
  url(): Promise<string | undefined> {
    return urlOf(this.framework);
  }

  /** @param document as they are when it is in force; those of now when absent */
  async schemas(document?: RuntimeDocument): Promise<ConfigurationSchema[]> {
    return this.definitions.schemas(document && (await this.#assembly.coming(document)));
  }

  /** Installs the bundles of the configuration without starting any. */
  async look(): Promise<void> {
    await this.#assembly.configurations.check();
    await this.#assembly.begin(this.configuration.document);
  }

  async #find(entry: { id: string; digest?: string }) {
    const source = await findSource(entry.id, entry.digest, {
      home: this.#home.folder,
      factory: launcher()?.factory.folder,
      store: (name, version, digest) => this.#store.find(name, version, digest, this.#trusts('store')),
    });
    if (source.location.startsWith('link:') && !this.#trusts('link')) {
      throw new RackwattError(
        'SIGNATURE_MISSING',
        `${entry.id} is an unsigned folder; allow it with "framework": { "trust": { "unsigned": ["link"] } } or install a signed archive`,
      );
    }
    return source;
  }

  #trusts(origin: 'link' | 'dropins' | 'store'): boolean {
    return this.configuration.document.framework.trust.unsigned.includes(origin);
  }

  async #apply(next: RuntimeDocument, back?: () => Promise<void>): Promise<ApplyResult> {
    const previous = this.#previous;
    // Then everything starts anew, with the other runtime.
    if (!isSameRuntime(previous, next)) {
      const refusal = await this.runtimes.refusal(next);
      if (refusal !== undefined) return { ok: false, problems: [{ pointer: '/framework/runtime', message: refusal }] };
      this.#previous = next;
      return { ok: true };
    }
    const problems = await this.#assembly.change(previous, next);
    if (problems.length === 0) {
      this.#previous = next;
      this.logs.level = next.framework.log.level;
      this.#isolated.levelChanged();
      // Behind the change under way, of which it is a part: what runs is already in force.
      void this.#assembly.migrated.write(this.configuration, this.#log);
      return { ok: true };
    }
    this.#assembly.migrated.forget();
    await back?.();
    for (const { message, pointer } of await this.#assembly.change(next, previous))
      this.#log.error(`going back, ${pointer}: ${message}`);
    return { ok: false, problems };
  }

  async #watchDropIns(folder: string): Promise<void> {
    this.#dropIns = await DropInFolder.watch({
      folder,
      records: join(this.configuration.storage, DROP_INS_FILE),
      store: this.#store,
      allowUnsigned: this.#trusts('dropins'),
      log: this.#log,
      scope: this.#scope,
      drop: (source) =>
        this.#assembly
          .drop(source, this.configuration.document.framework.bundleStartLevel)
          .finally(() => this.configurations.announce()),
      lift: (name) => this.#assembly.lift(name).finally(() => this.configurations.announce()),
    });
  }

  async #sayWhatIsWrong(): Promise<void> {
    const { problems, warnings } = await this.configuration.check();
    for (const { line, column, message } of problems)
      this.#log.error(`${this.#home.file}:${line}:${column}: ${message}`);
    for (const { line, column, message } of warnings)
      this.#log.warn(`${this.#home.file}:${line}:${column}: ${message}`);
  }

  #restart(): void {
    const { runtime } = this.#previous.framework;
    this.#log.info(`the node starts again with the runtime ${runtime?.version ?? 'that its launcher came with'}`);
    this.exitStatus = RESTART;
    // Whoever asked for it is told first.
    setImmediate(() => this.requestStop());
  }

  #fatal(error: unknown): void {
    const record = errorRecord(error);
    this.#log.error({ error: record }, `an error that belongs to no bundle ends the node: ${record.message}`);
    this.exitStatus = 1;
    this.requestStop();
  }
}
