import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';
import { dirname, join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './temporary.js';

export const checkout = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');
const BIN = join(checkout, 'src/bin/rackwatt.cjs');

/** A free TCP port on loopback. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

/** Repeats until `probe` gives something, or fails with what was last seen. */
export async function until<T>(
  what: string,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
  milliseconds = 20_000,
): Promise<T> {
  const deadline = performance.now() + milliseconds;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined && found !== false) return found;
      last = found;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline)
      throw new Error(`never saw: ${what}; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Runs one command to its end. */
export async function rackwatt(
  args: readonly string[],
  options: {
    input?: string;
    cwd?: string;
    env?: Record<string, string>;
    timeout?: number;
    /** What goes in front of the command, such as `ip netns exec NAME`. */
    within?: readonly string[];
  } = {},
): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const [command, ...words] = [...(options.within ?? []), process.execPath, BIN, ...args];
  const child = spawn(command!, words, {
    cwd: options.cwd ?? checkout,
    stdio: 'pipe',
    env: { ...process.env, ...options.env },
    timeout: options.timeout ?? 60_000,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin.end(options.input ?? '');
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

const LEVELS: Record<string, number> = {
  telemetry: 1,
  fleet: 1,
  'device-profiles': 1,
  http: 2,
  broker: 2,
  'store-sqlite': 3,
  outbox: 3,
  ingest: 4,
  'driver-snmp': 4,
  'publisher-mqtt': 5,
  'admin-center': 5,
  'remote-admin': 5,
  simulator: 5,
  acquisition: 6,
  console: 7,
};

export interface SiteOptions {
  bundles?: string[];
  configurations?: Record<string, unknown>;
  trust?: string[];
  /** What goes in front of its commands, such as `ip netns exec NAME`. */
  within?: readonly string[];
}

/** A real node in a process of its own, in a temporary home, with the bundles of the checkout. */
export class TestNode {
  readonly home: string;
  readonly ports: { http: number; broker: number };
  readonly #within: readonly string[];
  child: ChildProcess | undefined;
  output = '';

  private constructor(home: string, ports: { http: number; broker: number }, within: readonly string[]) {
    this.home = home;
    this.ports = ports;
    this.#within = within;
  }

  /** Lays out a home; nothing runs yet. */
  static async site(t: Pick<TestContext, 'after'>, options: SiteOptions = {}): Promise<TestNode> {
    const ports = { http: await freePort(), broker: await freePort() };
    const node = new TestNode(temporaryFolder(t), ports, options.within ?? []);
    t.after(() => node.kill());
    const names = options.bundles ?? Object.keys(LEVELS);
    node.writeConfiguration({
      id: 'test-node',
      framework: {
        storage: './var',
        dropins: './dropins',
        startLevel: 10,
        trust: { unsigned: options.trust ?? ['link', 'dropins'] },
      },
      bundles: names.map((name) => ({ id: `link:${join(checkout, 'bundles', name)}`, startLevel: LEVELS[name] ?? 5 })),
      configurations: {
        ...(names.includes('http') ? { 'rackwatt.http': { port: ports.http } } : {}),
        ...(names.includes('broker') ? { 'rackwatt.broker': { port: ports.broker } } : {}),
        ...(names.includes('publisher-mqtt')
          ? { 'rackwatt.publisher.mqtt': { url: `mqtt://127.0.0.1:${ports.broker}` } }
          : {}),
        ...(names.includes('ingest') ? { 'rackwatt.ingest': { url: `mqtt://127.0.0.1:${ports.broker}` } } : {}),
        ...options.configurations,
      },
    });
    mkdirSync(join(node.home, 'keys'), { recursive: true });
    return node;
  }

  get file(): string {
    return join(this.home, 'runtime.config.json');
  }

  get url(): string {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  readConfiguration(): {
    bundles: { id: string }[];
    configurations: Record<string, Record<string, unknown>>;
    framework: Record<string, unknown>;
  } {
    return JSON.parse(readFileSync(this.file, 'utf8'));
  }

  /** As an editor saves: a new file moved over the old one. */
  writeConfiguration(document: unknown): void {
    writeFileSync(`${this.file}.new`, typeof document === 'string' ? document : JSON.stringify(document, null, 2));
    renameSync(`${this.file}.new`, this.file);
  }

  async start(): Promise<void> {
    this.output = '';
    const [command, ...words] = [...this.#within, process.execPath, BIN, 'start', '--verbose', '--home', this.home];
    const child = spawn(command!, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: this.home,
    });
    this.child = child;
    const note = (chunk: Buffer): void => void (this.output += chunk.toString());
    child.stdout.on('data', note);
    child.stderr.on('data', note);
    const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
    await until('the node runs', () => hasEnded() || /: node .* runs, /.test(this.output), 60_000).catch(
      (error: unknown) => {
        throw new Error(`the node does not come up; it said:\n${this.output}`, { cause: error });
      },
    );
    if (hasEnded()) throw new Error(`the node ended with ${child.exitCode ?? child.signalCode}: ${this.output}`);
  }

  /** Ctrl-C. @returns its exit status */
  async stop(): Promise<number | null> {
    return this.#end('SIGINT');
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const closed = once(child, 'close') as Promise<[number | null]>;
    child.kill(signal);
    return (await closed)[0];
  }

  cli(...args: string[]): ReturnType<typeof rackwatt> {
    return rackwatt([...args, '--home', this.home], { within: this.#within });
  }

  async json<T>(...args: string[]): Promise<T> {
    const { stdout, stderr, status } = await this.cli(...args, '--json');
    if (status !== 0) throw new Error(`rackwatt ${args.join(' ')}: ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  }
}

/** Configurations of a generated PDU and the device that reads it. */
export async function generatedPdu(
  name: string,
  options: { family?: string; interval?: string; outlets?: number; simulator?: object; device?: object } = {},
): Promise<Record<string, unknown>> {
  const port = await freeUdpPort();
  return {
    [`rackwatt.simulator.pdu~${name}`]: {
      family: options.family ?? 'apc-rpdu2',
      port,
      outlets: options.outlets ?? 8,
      ...options.simulator,
    },
    [`rackwatt.device~${name}`]: {
      address: `snmp://127.0.0.1:${port}`,
      interval: options.interval ?? '500 ms',
      location: { site: 'T', rack: 'R1', feed: 'A' },
      ...options.device,
    },
  };
}
