import type { Health } from 'rackwatt';
import type { ArtifactStore } from './artifacts.js';
import type { Authority } from './authority/authority.js';
import { type Changes, ENROLMENTS } from './changes.js';
import type { Keeper } from './broker/keeper.js';
import { checkNames } from './configuration.js';
import type { Enrolling } from './enrolling.js';
import type { Ordering, Plan, Wanted } from './ordering.js';
import type { Presence } from './presence.js';
import type { Deed } from './state/audit.js';
import type { State } from './state/state.js';
import { enrolmentView, type EnrolmentView, gatewayView, type GatewayView, reportOf } from './views.js';

export interface CenterParts {
  authority: Authority;
  state: State;
  enrolling: Enrolling;
  ordering: Ordering;
  artifacts: ArtifactStore;
  presence: Presence;
  changes: Changes;
  /** Ends the connections of a gateway. */
  cut(gateway: string): void;
  /** Where there is a broker. */
  broker?: Keeper;
}

const OUTCOMES = 50;
const ORDERS = 20;

/** What operators see of the fleet and do with it; the page and the command both come here. */
export class Center {
  readonly parts: CenterParts;

  constructor(parts: CenterParts) {
    this.parts = parts;
  }

  authority(): { tenant: string; fingerprint: string; root: string; operationsKeys: string[] } {
    const { authority } = this.parts;
    const { tenant, operationsKeys } = authority.published();
    return {
      tenant,
      fingerprint: authority.fingerprint,
      root: authority.rootPem,
      operationsKeys: operationsKeys.map(({ id }) => id),
    };
  }

  /** What a broker of these names needs, so that gateways know it as they know the center. @throws `FLEET_CONFIGURATION` */
  async brokerIdentity(names: readonly string[]): Promise<{ cert: string; key: string; authorities: string }> {
    const { authority } = this.parts;
    checkNames(names);
    return {
      ...(await authority.broker(names, Date.now())),
      authorities: authority.issuingPem + authority.rootPem,
    };
  }

  async gateways(): Promise<GatewayView[]> {
    const { state, presence } = this.parts;
    const [rows, heads] = await Promise.all([state.gateways.list(), state.orders.heads()]);
    const orders = new Map(heads.map((head) => [head.gateway, head]));
    return rows.map((row) => gatewayView(row, orders.get(row.id), presence));
  }

  /** In figures, however many there are. */
  async health(): Promise<Health> {
    const { state, presence, enrolling } = this.parts;
    const [{ gateways, ahead, first }, pending] = await Promise.all([
      state.gateways.counts(),
      enrolling.pending(Date.now()),
    ]);
    const figures = { gateways, online: presence.size, pending: pending.length };
    if (ahead === 0) return { state: 'ok', figures };
    const detail = `${ahead} gateways know later orders than this center, which was restored from a copy; set what they shall run anew: ${first}`;
    return { state: 'degraded', detail, figures };
  }

  /** One gateway with everything that is known of it. @throws `FLEET_GATEWAY_UNKNOWN` */
  async gateway(named: string) {
    const { state, presence } = this.parts;
    const row = await state.gateways.find(named);
    const [orders, outcomes] = await Promise.all([
      state.orders.past(row.id, ORDERS),
      state.gateways.outcomes(row.id, OUTCOMES),
    ]);
    return {
      ...gatewayView(row, orders[0], presence),
      wanted: orders[0]?.content ?? { bundles: {}, configurations: {} },
      report: reportOf(row) ?? null,
      orders: orders.map(({ sequence, time, actor, reason }) => ({ sequence, time, actor, reason })),
      outcomes: outcomes.map(({ sequence, time, phase, detail }) => ({ sequence, time, phase, detail })),
    };
  }

  /** Gateways that wait for a person. */
  async enrolments(): Promise<EnrolmentView[]> {
    const { enrolling, state } = this.parts;
    const [pending, gateways] = await Promise.all([enrolling.pending(Date.now()), state.gateways.list()]);
    return pending.map((row) => enrolmentView(row, gateways));
  }

  async approve(enrolment: string, code: string, name: string | undefined, actor: string) {
    const id = await this.parts.enrolling.approve(enrolment, code, name, deed(actor));
    void this.parts.broker?.changed();
    return this.gateway(id);
  }

  deny(enrolment: string, actor: string): Promise<void> {
    return this.parts.enrolling.deny(enrolment, deed(actor));
  }

  /** From now on nothing of the gateway is taken, and nothing given to it. @throws `FLEET_GATEWAY_UNKNOWN` */
  async revoke(named: string, actor: string): Promise<void> {
    const { state, changes, cut, broker } = this.parts;
    const { id } = await state.gateways.find(named);
    await state.gateways.revoke(id, deed(actor));
    cut(id);
    changes.touch(id);
    await broker?.changed();
  }

  /** @throws as `Ordering.set` */
  async set(named: string, wanted: Wanted, actor: string, isTrial: boolean): Promise<Plan> {
    const { state, ordering, broker } = this.parts;
    const plan = await ordering.set(await state.gateways.find(named), wanted, deed(actor), isTrial);
    if (!isTrial) broker?.ring(plan.gateway);
    return plan;
  }

  /** @throws as `Ordering.rollBack` */
  async rollBack(named: string, reason: string, actor: string, isTrial: boolean): Promise<Plan> {
    const { state, ordering, broker } = this.parts;
    const plan = await ordering.rollBack(await state.gateways.find(named), reason, deed(actor), isTrial);
    if (!isTrial) broker?.ring(plan.gateway);
    return plan;
  }

  /** Settles with a gateway when something of it is another than `version` says, or after `time` ms. */
  async changed(named: string, version: number, time: number, signal: AbortSignal) {
    const { state, changes } = this.parts;
    const { id } = await state.gateways.find(named);
    await changes.wait(id, version, time, signal);
    const now = changes.version(id);
    return { version: now, gateway: await this.gateway(id) };
  }

  /** What changes, as it does; a slow reader gets the newest of each. */
  async *events(signal: AbortSignal): AsyncIterable<{ event: string; data: unknown }> {
    const { changes } = this.parts;
    const pending = new Set<string>();
    let wake = (): void => undefined;
    const stop = changes.listen((topic) => {
      pending.add(topic);
      wake();
    });
    const abort = (): void => wake();
    signal.addEventListener('abort', abort);
    try {
      while (!signal.aborted) {
        const [topic] = pending;
        if (topic === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        pending.delete(topic);
        if (topic === ENROLMENTS) yield { event: 'enrolments', data: await this.enrolments() };
        else yield { event: 'gateway', data: await this.gateway(topic) };
      }
    } finally {
      stop();
      signal.removeEventListener('abort', abort);
    }
  }
}

export function deed(actor: string): Deed {
  return { actor, now: Date.now() };
}
