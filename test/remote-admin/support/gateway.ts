import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type {
  ConfigurationAdmin,
  DeployedContent,
  Deployment,
  DeploymentChange,
  DeploymentInfo,
  Runtime,
} from 'rackwatt';
import { RackwattError } from 'rackwatt';
import { Agent, settingsOf } from '@rackwatt/remote-admin';
import { temporaryFolder } from '../../support/temporary.js';
import { until } from '../../support/node.js';
import type { TestCenter } from './center.js';

const PID = 'rackwatt.remote-admin';
type Properties = Record<string, unknown>;

/** The transactions of a node, without a node. */
export class FakeDeployment implements Deployment {
  readonly changes: (DeploymentInfo & { change: DeploymentChange })[] = [];
  content: DeployedContent = { generation: 1, bundles: [], configurations: {} };
  /** What becomes of a change that is applied. */
  outcome: 'committed' | 'probation' = 'committed';
  /** Called first of all; may reject. */
  before: ((change: DeploymentChange) => Promise<void>) | undefined;
  #was: DeployedContent | undefined;

  async apply(change: DeploymentChange, signal?: AbortSignal): Promise<DeploymentInfo> {
    await this.before?.(change);
    signal?.throwIfAborted();
    const info = {
      id: `t${this.changes.length + 1}`,
      reason: change.reason,
      state: this.outcome,
      generation: 2,
      change,
    };
    this.changes.unshift(info);
    this.#was = this.content;
    const names = new Set([...(change.remove ?? []), ...(change.archives ?? []).map(({ expect }) => expect!.name)]);
    const configurations = { ...this.content.configurations };
    for (const [pid, value] of Object.entries(change.configurations ?? {}))
      if (value === null) delete configurations[pid];
      else configurations[pid] = value;
    this.content = {
      generation: (this.content.generation ?? 0) + 1,
      bundles: [
        ...this.content.bundles.filter(({ name }) => !names.has(name)),
        ...(change.archives ?? []).map(({ expect }) => ({
          name: expect!.name!,
          version: expect!.version!,
          digest: `sha256:content of ${expect!.digest}`,
          location: `store:${expect!.name}@${expect!.version}`,
        })),
      ],
      configurations,
    };
    return info;
  }

  async history(): Promise<DeploymentInfo[]> {
    return this.changes.map(({ change: _change, ...info }) => info);
  }

  async rollBack(id: string, why: string): Promise<DeploymentInfo> {
    const found = this.changes.find((change) => change.id === id);
    if (found?.state !== 'probation') throw new RackwattError('ROLLBACK_IMPOSSIBLE', 'it is not on probation');
    this.content = this.#was!;
    return Object.assign(found, { state: 'rolled-back' as const, why });
  }

  async current(): Promise<DeployedContent> {
    return structuredClone(this.content);
  }

  /** The node proves the last change. */
  commit(): void {
    this.changes[0]!.state = 'committed';
  }
}

/** The gateway's agent beside a node of which only the faces are there. */
export class Gateway {
  readonly folder: string;
  readonly deployment: FakeDeployment;
  readonly lines: string[] = [];
  properties: Properties | undefined;
  agent!: Agent;
  /** The machine's clock. */
  system: () => number = Date.now;
  /** ms, first bound of the pause after a failure. */
  retry = 50;

  constructor(t: TestContext, given: { folder?: string; deployment?: FakeDeployment } = {}) {
    this.folder = given.folder ?? join(temporaryFolder(t), 'data');
    this.deployment = given.deployment ?? new FakeDeployment();
    t.after(() => this.stop());
  }

  /** With everything granted at once. */
  static async at(
    t: TestContext,
    center: TestCenter,
    capabilities = ['monitor', 'configure', 'update'],
  ): Promise<Gateway> {
    const gateway = new Gateway(t);
    gateway.properties = { ...center.settings, capabilities };
    await gateway.start();
    return gateway;
  }

  async start(): Promise<void> {
    const note = (fields: object | string, message?: string): void =>
      void this.lines.push(`${message ?? ''} ${JSON.stringify(fields)}`);
    this.agent = await Agent.open({
      folder: this.folder,
      deployment: this.deployment,
      configuration: this.#configuration(),
      runtime: RUNTIME,
      log: { debug: note, info: note, warn: note, error: note },
      system: () => this.system(),
      times: {
        wait: 5,
        pace: 20,
        report: 300,
        retry: this.retry,
        denied: 200,
        retryAfter: () => 30,
        slowest: { bytes: 100, milliseconds: 700 },
      },
    });
    this.configure(this.properties);
  }

  /** As an edit of the file does it. */
  configure(properties: Properties | undefined): void {
    this.properties = properties;
    this.agent.reconfigure(settingsOf({ capabilities: [], probation: '2 min', ...properties }));
  }

  async stop(): Promise<void> {
    await this.agent?.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Settles when its status shows it. */
  status(what: string, holds: (status: Awaited<ReturnType<Agent['status']>>) => boolean | undefined) {
    return until(what, async () => {
      const status = await this.agent.status();
      if (holds(status) === true) return status;
      throw new RackwattError('USAGE', `${JSON.stringify(status)}\n${this.lines.slice(-5).join('\n')}`);
    });
  }

  enrolled() {
    return this.status('it is enrolled', ({ state }) => state === 'connected');
  }

  phase(sequence: number, phase: string) {
    return this.status(
      `order ${sequence} is ${phase}`,
      ({ desired }) => desired?.sequence === sequence && desired.phase === phase,
    );
  }

  async actions(): Promise<string[]> {
    return (await this.agent.log()).map(({ action }) => action);
  }

  #configuration(): ConfigurationAdmin {
    const admin: Partial<ConfigurationAdmin> = {
      configuration: async () => ({
        pid: PID,
        changeCount: 1,
        ...(this.properties && { properties: structuredClone(this.properties) }),
      }),
      updateIfDifferent: async (_pid, properties) => {
        this.configure({ ...properties });
        return true;
      },
    };
    return admin as ConfigurationAdmin;
  }
}

const RUNTIME = {
  node: async () => ({ id: 'gw-1', version: '0.1.0', pid: 1, started: '', home: '/' }),
  bundles: async () => [],
  health: async () => ({ state: 'ok', checks: {} }),
} as unknown as Runtime;
