import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import type { BundleContext, Contract } from 'rackwatt';
import type { Node } from '../../src/node/node.js';
import { temporaryFolder } from './temporary.js';

const built = (await import(
  new URL('../../../src/dist/node/node.js', import.meta.url).href
)) as typeof import('../../src/node/node.js');

/** Bundles act through what the test hands them here. */
const HANDED = Symbol.for('rackwatt.test.handed');
const handed = new Map<string, unknown>();
Object.defineProperty(globalThis, HANDED, { value: handed });
let serial = 0;

export interface RunningBundle {
  /** Its folder. */
  root: string;
  name: string;
}

export type Configurations = Record<string, Record<string, unknown>>;

interface Manifest {
  version?: string;
  rackwatt?: object;
}

/** A whole node in this process, over a file and folders of its own. */
export class RunningNode {
  readonly home: string;
  node!: Node;
  /** Every line of its log. */
  readonly lines: string[] = [];
  /** Of the process, as the node sees it. */
  environment: Record<string, string> = {};
  readonly #key = `${++serial}`;

  private constructor(home: string) {
    this.home = home;
  }

  /** A home with a configuration; nothing runs yet. */
  static home(t: TestContext, configurations: Configurations = {}): RunningNode {
    const node = new RunningNode(temporaryFolder(t));
    node.write({
      id: 'test',
      framework: { storage: './var', trust: { unsigned: ['link', 'dropins', 'store'] }, log: { level: 'debug' } },
      bundles: [],
      configurations,
    });
    t.after(() => node.stop());
    return node;
  }

  static async start(t: TestContext, configurations: Configurations = {}): Promise<RunningNode> {
    const node = RunningNode.home(t, configurations);
    await node.start();
    return node;
  }

  get file(): string {
    return join(this.home, 'runtime.config.json');
  }

  get text(): string {
    return readFileSync(this.file, 'utf8');
  }

  get document(): { framework: object; bundles: { id: string }[]; configurations: Configurations } {
    return JSON.parse(this.text) as RunningNode['document'];
  }

  get admin(): Node['configurations']['admin'] {
    return this.node.configurations.admin;
  }

  get registry(): Node['framework']['registry'] {
    return this.node.framework.registry;
  }

  /** As an editor saves. */
  write(document: unknown): void {
    const text = typeof document === 'string' ? document : JSON.stringify(document, null, 2);
    writeFileSync(`${this.file}.new`, text);
    renameSync(`${this.file}.new`, this.file);
  }

  async start(): Promise<void> {
    const note = (text: string): void => void this.lines.push(text);
    this.node = await built.Node.open(
      { folder: this.home, file: this.file },
      { console: note, consoleLevel: 20, environment: this.environment },
    );
    await this.node.start();
  }

  async stop(): Promise<void> {
    await this.node?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Writes a bundle's folder; `files` by path, objects as JSON. The main module finds what is handed to it by `handed(key)`. */
  bundle(name: string, files: Record<string, string | object> = {}, manifest: Manifest = {}): RunningBundle {
    const root = join(this.home, 'bundles', name);
    const { version = '1.0.0', rackwatt = {} } = manifest;
    const content = { name, version, ...('index.js' in files ? { main: './index.js' } : {}), rackwatt };
    const head = `const handed = (key) => globalThis[Symbol.for('rackwatt.test.handed')].get('${this.#key} ' + key);\n`;
    for (const [path, given] of Object.entries({ 'package.json': content, ...files })) {
      const text = typeof given === 'string' ? given : JSON.stringify(given);
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), path.endsWith('.js') ? head + text : text);
    }
    return { root, name };
  }

  /** What the code of bundles finds under a key. */
  hand(key: string, value: unknown): void {
    handed.set(`${this.#key} ${key}`, value);
  }

  /** Has the configuration name bundles, as one change. @returns what came of it */
  install(...bundles: RunningBundle[]) {
    const first = this.document.bundles.length;
    return this.node.configuration.edit(
      bundles.map(({ root }, index) => ({ path: ['bundles', first + index], value: { id: `link:${root}` } })),
    );
  }

  uninstall({ root }: RunningBundle) {
    const index = this.document.bundles.findIndex(({ id }) => id === `link:${root}`);
    return this.node.configuration.edit([{ path: ['bundles', index] }]);
  }

  /** Installs a bundle whose activator hands its context to the test. */
  async context(name: string, manifest: Manifest = {}): Promise<BundleContext> {
    let context: BundleContext | undefined;
    this.hand(name, (given: BundleContext) => void (context = given));
    const code = `exports.activator = { start(context) { handed('${name}')(context); } };`;
    await this.install(this.bundle(name, { 'index.js': code }, manifest));
    return context!;
  }

  /** Installs a bundle with a component that tells the test which configurations it got, and when it went down. */
  async reader(name: string, pid: string, options: { seen: unknown[]; policy?: string; manifest?: Manifest }) {
    const bundle = this.readerBundle(name, pid, options);
    await this.install(bundle);
    return bundle;
  }

  readerBundle(
    name: string,
    pid: string,
    {
      seen,
      policy = 'optional',
      manifest,
      files,
    }: {
      seen: unknown[];
      policy?: string;
      manifest?: Manifest;
      files?: Record<string, string | object>;
    },
  ): RunningBundle {
    this.hand(name, (...given: unknown[]) => void seen.push(given.length === 1 ? given[0] : given));
    const code = `const { component } = require('rackwatt');
      exports.reader = component({
        name: ${JSON.stringify(pid)},
        configuration: { policy: ${JSON.stringify(policy)} },
        activate: ({ config }) => void handed(${JSON.stringify(name)})({ ...config }),
      });`;
    return this.bundle(name, { 'index.js': code, ...files }, manifest);
  }

  register<T>(contract: Contract<T>, service: T, properties: Record<string, string | string[]> = {}) {
    return this.registry.register<T>({ id: 900, name: 'outside' }, contract, service as never, properties);
  }
}

/** Lets everything run that waits for its turn. */
export async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
