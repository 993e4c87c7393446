import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporary.js';

/** The inside of the container, loaded from the build by its place, typed by its source. */
const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../../src/dist/${path}`, import.meta.url).href)) as T;

const bundles = await load<typeof import('../../src/bundle/index.js')>('bundle/index.js');
const components = await load<typeof import('../../src/component/index.js')>('component/index.js');
export const { componentInfo, describeComponent } = components;
const configuration = await load<typeof import('../../src/configuration/index.js')>('configuration/index.js');
const targeted = await load<typeof import('../../src/configuration/targeted.js')>('configuration/targeted.js');
export const { registerRuntime, runtimeService } =
  await load<typeof import('../../src/node/runtime-service.js')>('node/runtime-service.js');
const host = await load<typeof import('../../src/bundle/shared.js')>('bundle/shared.js');
const isolation = await load<typeof import('../../src/isolation/index.js')>('isolation/index.js');
const spaces = await load<typeof import('../../src/space/index.js')>('space/index.js');
export const { Framework, readManifest, containerInfo } = bundles;
export const { Recovery } = bundles;
export type Recovery<B extends import('../../src/bundle/recovery.js').Recoverable> =
  import('../../src/bundle/recovery.js').Recovery<B>;
export const { RevisionTokens } = spaces;
export const { spaces: liveSpaces } = spaces;
export const rackwatt = await load<typeof import('../../src/index.js')>('index.js');
export type Framework = InstanceType<typeof Framework>;

type Definition = import('../../src/index.js').ComponentDefinition;
type Isolation = import('../../src/bundle/index.js').Isolation;
type IsolationEntry = import('../../src/configuration/index.js').IsolationEntry;
type FrameworkOptions = import('../../src/bundle/index.js').FrameworkOptions;
type MigrationHost = import('../../src/bundle/index.js').MigrationHost;
type ConfiguredBundle = import('../../src/component/index.js').ConfiguredBundle;
type InstanceConfiguration = import('../../src/component/index.js').InstanceConfiguration;

export interface LogEntry {
  level: string;
  bundle: string;
  component: string | undefined;
  message: string;
}

/** A container with nothing in it; bundles are written into a temporary folder. */
export class TestContainer {
  readonly framework: Framework;
  readonly folder: string;
  readonly log: LogEntry[] = [];
  readonly errors: string[] = [];
  readonly tokens = new RevisionTokens();
  readonly configurations = new Map<string, InstanceConfiguration>();
  readonly isolated: InstanceType<typeof isolation.IsolatedRuns>;
  /** Least level that isolated bundles log. */
  level = 'info';
  #serial = 0;

  /** @param options.limits of bundles that are isolated */
  constructor(
    t: TestContext,
    options: {
      patience?: number;
      drain?: number;
      limits?: Omit<IsolationEntry, 'kind'>;
      folder?: string;
      migration?: MigrationHost;
      framework?: Partial<FrameworkOptions>;
    } = {},
  ) {
    this.folder = options.folder ?? temporaryFolder(t);
    const line =
      (level: string, bundle: string, component: string | undefined) =>
      (...given: unknown[]): void =>
        void this.log.push({ level, bundle, component, message: String(given.at(-1)) });
    const parts = {
      storage: join(this.folder, 'var'),
      logger: (bundle: string, component?: string) => ({
        debug: line('debug', bundle, component),
        info: line('info', bundle, component),
        warn: line('warn', bundle, component),
        error: line('error', bundle, component),
      }),
      configurations: (pid: string, definition: Definition, bundle: ConfiguredBundle) =>
        this.#chosen(pid, bundle).map((instance) => filled(definition, instance)),
      defaults: (definition: Definition) => withDefaults(definition, {}),
    };
    this.isolated = new isolation.IsolatedRuns({
      ...parts,
      level: () => this.level,
      settings: (_, kind) => isolation.isolationSettings('', { kind, ...options.limits })!,
    });
    this.framework = new Framework({
      ...host.containerModules(rackwatt),
      ...parts,
      version: '0.1.0',
      tokens: this.tokens,
      patience: options.patience ?? 2_000,
      ...(options.drain === undefined ? {} : { drain: options.drain }),
      ...(options.migration === undefined ? {} : { migration: options.migration }),
      isolation: this.isolated.makers,
      ...options.framework,
    });
    this.framework.onFrameworkEvent(
      ({ type, error }) => {
        if (type === 'ERROR') this.errors.push((error as Error).message);
      },
      { synchronous: true },
    );
    t.after(() => this.framework.stop());
  }

  #chosen(pid: string, bundle: ConfiguredBundle): InstanceConfiguration[] {
    for (const form of targeted.targetedPids(pid, bundle)) {
      const own = this.configurations.get(form);
      const instances = [...this.configurations.values()].filter((each) => each.pid.startsWith(`${form}~`));
      if (own || instances.length > 0) return instances.length > 0 ? instances : [own!];
    }
    return [];
  }

  static limits(entry: IsolationEntry) {
    return isolation.isolationSettings('test', entry);
  }

  /** Writes a bundle's folder. `files` by path; `index.js` is the main module unless the manifest says otherwise. */
  write(name: string, files: Record<string, string>, manifest: Record<string, unknown> = {}): string {
    const root = join(this.folder, `${name.replace('/', '+')}-${++this.#serial}`);
    const content = { name, version: '1.0.0', main: './index.js', rackwatt: {}, ...manifest };
    for (const [path, text] of Object.entries({ 'package.json': JSON.stringify(content), ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  }

  async source(root: string, location = `link:${root}`) {
    return { location, root, manifest: await readManifest(root) };
  }

  /** Writes, installs and starts. */
  async start(name: string, code: string, manifest: Record<string, unknown> = {}, isolation: Isolation = 'space') {
    const bundle = this.framework.install(await this.source(this.write(name, { 'index.js': code }, manifest)), {
      startLevel: 1,
      isolation,
    });
    if (this.framework.startLevel < 1) await this.framework.setStartLevel(1);
    await bundle.start();
    return bundle;
  }

  /** Updates to new code. */
  async update(
    bundle: { name: string; update(source: Awaited<ReturnType<TestContainer['source']>>): Promise<void> },
    code: string,
    manifest: Record<string, unknown> = {},
  ): Promise<void> {
    await bundle.update(await this.source(this.write(bundle.name, { 'index.js': code }, manifest)));
  }

  /** Configurations change; components take them in the next turn (`settled`). */
  configure(pid: string, values: Record<string, unknown> | undefined): void {
    if (values === undefined) this.configurations.delete(pid);
    else this.configurations.set(pid, { pid, values, properties: values as InstanceConfiguration['properties'] });
    const pids = new Set(targeted.untargetedPids(pid));
    void this.framework.components.configurationsChanged(pids);
    void this.isolated.configurationsChanged(pids);
  }

  /** Adds components of a made-up bundle straight to the engine. */
  components(name: string, ...definitions: Definition[]) {
    const owner = { id: 1000 + ++this.#serial, name };
    return this.framework.components.add(
      { owner, version: '1.0.0', dataFolder: () => this.folder, resolve: (path) => path },
      definitions,
    );
  }

  state(label: string): string | undefined {
    return this.framework.components.instances().find((instance) => instance.label === label)?.state;
  }

  settled(): Promise<void> {
    return this.framework.components.settled(5_000);
  }
}

function withDefaults({ options }: Definition, values: object): Readonly<Record<string, unknown>> {
  const schema = options.configuration?.schema;
  return (schema ? configuration.withDefaults(schema, values) : values) as Readonly<Record<string, unknown>>;
}

function filled(definition: Definition, instance: InstanceConfiguration): InstanceConfiguration {
  return { ...instance, values: withDefaults(definition, instance.values) };
}

/** Forces garbage collections until `done`, or for a few rounds. */
export async function collectGarbage(done: () => boolean = () => false, rounds = 12): Promise<void> {
  for (let i = 0; i < rounds; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
    if (done()) return;
    // Looking at a weak reference keeps its target for the rest of the task, so the next collection is in another.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
