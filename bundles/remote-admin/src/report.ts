import { randomUUID } from 'node:crypto';
import type { Capability, Report } from '@rackwatt/fleet';
import { LONGEST_MESSAGE } from '@rackwatt/fleet';
import type { Deployment, Runtime } from 'rackwatt';
import type { TrustedClock } from './clock.js';
import type { Machine } from './machine.js';
import { digestOf } from './order.js';
import type { ProgressStore } from './progress.js';

export interface ReportParts {
  runtime: Runtime;
  deployment: Deployment;
  clock: TrustedClock;
  progress: ProgressStore;
  machine: Machine;
  granted(): readonly Capability[];
  refused(): Report['refused'];
}

/** Of this start of the agent, also when consent comes and goes: what is older is known by its number. */
const start = { boot: randomUUID(), reports: 0 };

/** What a center is told of this gateway. */
export class Reports {
  readonly #parts: ReportParts;

  constructor(parts: ReportParts) {
    this.#parts = parts;
  }

  async next(): Promise<Report> {
    const { clock, machine, progress, runtime, granted, refused } = this.#parts;
    const { id, version } = await runtime.node();
    const { current, downloaded } = progress;
    const refusal = refused();
    const base: Report = {
      id: randomUUID(),
      number: ++start.reports,
      time: clock.now(),
      clock: clock.isTrusted ? 'trusted' : 'untrusted',
      boot: start.boot,
      capabilities: [...granted()],
      node: { id: cut(id, 200), runtime: cut(version, 100), node: process.version, ...machine },
      ...(current && {
        desired: {
          sequence: current.sequence,
          phase: current.phase,
          ...(current.detail === undefined ? {} : { detail: cut(current.detail, 2000) }),
          ...(current.phase === 'downloading' && downloaded !== undefined ? { progress: downloaded } : {}),
          ...(current.transaction === undefined ? {} : { transaction: current.transaction }),
        },
      }),
      ...(refusal && { refused: refusal }),
    };
    if (!granted().includes('monitor')) return base;
    const whole = { ...base, actual: await this.#actual() };
    // What does not fit is not sent in part: whoever reads it would take the part for the whole.
    return Buffer.byteLength(JSON.stringify(whole)) > LONGEST_MESSAGE ? base : whole;
  }

  async #actual(): Promise<NonNullable<Report['actual']>> {
    const { runtime, deployment } = this.#parts;
    const [bundles, health, current] = await Promise.all([runtime.bundles(), runtime.health(), deployment.current()]);
    const troubles = Object.entries(health.checks).filter(([, { state }]) => state !== 'ok');
    return {
      ...(current.generation === undefined ? {} : { generation: current.generation }),
      health: health.state,
      troubles: Object.fromEntries(
        troubles.slice(0, 100).map(([name, { state, detail }]) => [cut(name, 200), cut(detail ?? state, 1000)]),
      ),
      bundles: bundles.slice(0, 1000).map(({ name, version, state, digest, reason }) => {
        const content = /^(?:sha256:)?([0-9a-f]{64})$/.exec(digest ?? '')?.[1];
        return {
          name: cut(name, 214),
          version: cut(version, 128),
          state,
          ...(content === undefined ? {} : { digest: content }),
          ...(reason === undefined ? {} : { reason: cut(reason, 2000) }),
        };
      }),
      configurations: Object.fromEntries(
        Object.entries(current.configurations).map(([pid, value]) => [cut(pid, 200), digestOf(value)]),
      ),
    };
  }
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
