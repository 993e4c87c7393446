import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AdminMethod, type ConfigurationAdmin, HealthCheck } from 'rackwatt';
import { partsOf, signed } from '../../support/archives.js';
import { RunningNode } from '../../support/running-node.js';
import { TestGateway } from './gateway.js';

const bundles = resolve(fileURLToPath(import.meta.url), '../../../../../bundles');
const USER = { id: 901, name: 'test' };

/** A center in a node of its own, with a real port, real certificates and real files. */
export class TestCenter {
  readonly t: TestContext;
  readonly node: RunningNode;
  root = '';
  fingerprint = '';

  private constructor(t: TestContext, node: RunningNode) {
    this.t = t;
    this.node = node;
  }

  static async start(t: TestContext, configuration: Record<string, unknown> = {}): Promise<TestCenter> {
    const center = TestCenter.home(t, configuration);
    await center.start();
    return center;
  }

  static home(t: TestContext, configuration: Record<string, unknown> = {}): TestCenter {
    const node = RunningNode.home(t);
    node.write({
      ...node.document,
      bundles: ['telemetry', 'fleet', 'http', 'admin-center'].map((name) => ({ id: `link:${join(bundles, name)}` })),
      configurations: {
        'rackwatt.http': { port: 0 },
        'rackwatt.admin-center': { port: 0, ...configuration },
      },
    });
    return new TestCenter(t, node);
  }

  async start(): Promise<void> {
    await this.node.start();
    await this.know();
  }

  /** Learns what gateways are told to trust. */
  async know(): Promise<void> {
    const authority = await this.call<{ root: string; fingerprint: string }>('fleet.authority');
    this.root = authority.root;
    this.fingerprint = authority.fingerprint;
  }

  async restart(): Promise<void> {
    await this.node.stop();
    await this.start();
  }

  /** Folder of the bundle's data. */
  get folder(): string {
    return join(this.node.home, 'var', 'data', '@rackwatt+admin-center');
  }

  get admin(): ConfigurationAdmin {
    return this.node.admin;
  }

  /** Calls a method of the admin socket, without the socket. */
  async call<T = Record<string, unknown>>(name: string, parameters?: unknown): Promise<T> {
    const { registry } = this.node;
    const reference = registry.references(AdminMethod).find((each) => each.property('name') === name);
    if (!reference) throw new TypeError(`there is no method ${name}: ${this.node.lines.join('\n')}`);
    const service = registry.get(USER, reference) as AdminMethod;
    try {
      // As the socket does: nothing but JSON passes.
      const result = await service.call(parameters === undefined ? undefined : JSON.parse(JSON.stringify(parameters)));
      return JSON.parse(JSON.stringify(result ?? null)) as T;
    } finally {
      registry.release(USER, reference);
    }
  }

  async figures(name: string): Promise<Record<string, unknown>> {
    const { registry } = this.node;
    const reference = registry.references(HealthCheck, `(name=${name})`)[0]!;
    const service = registry.get(USER, reference) as HealthCheck;
    try {
      return { ...(await service.check()).figures };
    } finally {
      registry.release(USER, reference);
    }
  }

  /** Whether a health check is there, and well. */
  async isWell(name: string): Promise<boolean> {
    const { registry } = this.node;
    const [reference] = registry.references(HealthCheck, `(name=${name})`);
    const service = reference && (registry.get(USER, reference) as HealthCheck | undefined);
    if (!service) return false;
    try {
      return (await service.check()).state === 'ok';
    } finally {
      registry.release(USER, reference!);
    }
  }

  async health(): Promise<{ state: string }> {
    const { registry } = this.node;
    const service = registry.get(USER, registry.references(HealthCheck, '(name=admin-center)')[0]!) as HealthCheck;
    return service.check();
  }

  /** Of the gateways. */
  async port(): Promise<number> {
    return Number((await this.figures('admin-center'))['port']);
  }

  /** `/api/v1` of the operators. */
  async api(method: string, path: string, body?: unknown): Promise<{ status: number; json: Record<string, unknown> }> {
    const response = await fetch(`${String((await this.figures('http'))['url'])}api/v1${path}`, {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  }

  /** A gateway that knows this center's root, and is not enrolled. */
  async stranger(options: ConstructorParameters<typeof TestGateway>[1] = {}): Promise<TestGateway> {
    const gateway = new TestGateway({ port: await this.port(), root: this.root }, options);
    this.t.after(() => gateway.close());
    return gateway;
  }

  /** A gateway that is enrolled. */
  async gateway(name?: string): Promise<TestGateway> {
    const gateway = await this.stranger({ serial: name ?? 'SN-1' });
    const { id, claimCode } = await gateway.ask();
    await this.approve(id, claimCode, name);
    await gateway.enrol(id);
    return gateway;
  }

  approve(enrolment: string, code: string, name?: string) {
    return this.call<{ id: string }>('fleet.approve', { actor: 'cli:test', enrolment, code, ...(name && { name }) });
  }

  /** Brings an archive of a bundle. */
  async artifact(name: string, version: string, text = '') {
    const file = join(this.node.home, `${name.replace('/', '+')}-${version}.tgz`);
    const content = archive(name, version, text);
    writeFileSync(file, content);
    const { sha256 } = await this.call<{ sha256: string }>('fleet.artifacts.add', { actor: 'cli:test', file });
    return { file, content, sha256 };
  }

  /** Says what a gateway shall run. */
  set(gateway: string, wanted: object) {
    return this.call<{ sequence: number; differences: object[]; warnings: string[] }>('fleet.set', {
      actor: 'cli:test',
      gateway,
      ...wanted,
    });
  }
}

/** A small archive that nobody signed. @param text makes it another one */
export function archive(name: string, version: string, text = ''): Buffer {
  const manifest = JSON.stringify({ name, version, main: './index.js', rackwatt: {} });
  return signed(
    partsOf({ name, version }, [
      { path: 'package.json', content: Buffer.from(manifest) },
      { path: 'index.js', content: Buffer.from(`exports.text = ${JSON.stringify(text)};`) },
    ]),
  );
}

export const digest = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
