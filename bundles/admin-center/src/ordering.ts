import { type DesiredBundle, type DesiredState, desiredState, LONGEST_MESSAGE, type Report } from '@rackwatt/fleet';
import { errorMessage, Version } from 'rackwatt';
import type { ArtifactStore } from './artifacts.js';
import type { Authority } from './authority/authority.js';
import type { Changes } from './changes.js';
import { type Difference, differenceOf, type Known } from './difference.js';
import { centerError } from './errors.js';
import type { Deed } from './state/audit.js';
import type { GatewayRow } from './state/gateways.js';
import type { Content, Order } from './state/orders.js';
import type { State } from './state/state.js';

/** A bundle as a person wants it: the newest archive of that version, or exactly that one. */
export type WantedBundle = { version?: string; sha256?: string; downgrade?: boolean } | null;

export interface Wanted {
  bundles?: Record<string, WantedBundle>;
  configurations?: Content['configurations'];
  /** In the place of all that was desired before; else on top of it. */
  whole?: boolean;
  reason: string;
}

/** What setting a desired state does, or would do. */
export interface Plan {
  gateway: string;
  /** Of the order, or of the one before when nothing was set. */
  sequence: number;
  differences: Difference[];
  /** What a person should know before it is set. */
  warnings: string[];
  content: Content;
}

/** s that an order holds from when it is handed out; it is signed anew for each who asks. */
const HOLDS = 7 * 24 * 3600;
const EMPTY: Content = { bundles: {}, configurations: {} };
/** What a gateway's own administrator alone may change. */
const LOCAL_PIDS = /^rackwatt\.remote-admin(?:$|[~.|])/;

export interface OrderingParts {
  authority: Authority;
  state: State;
  artifacts: ArtifactStore;
  changes: Changes;
}

/** Says what gateways shall run. */
export class Ordering {
  readonly #authority: Authority;
  readonly #state: State;
  readonly #artifacts: ArtifactStore;
  readonly #changes: Changes;

  constructor({ authority, state, artifacts, changes }: OrderingParts) {
    this.#authority = authority;
    this.#state = state;
    this.#artifacts = artifacts;
    this.#changes = changes;
  }

  /**
   * Sets what a gateway shall run, or with `isTrial` tells what would come of it.
   * @throws `FLEET_GATEWAY_UNKNOWN`, `FLEET_GATEWAY_REVOKED`, `FLEET_ARTIFACT_UNKNOWN`, `FLEET_DESIRED_INVALID`, `FLEET_DOWNGRADE`,
   *   `FLEET_DESIRED_CHANGED`
   */
  async set(gateway: GatewayRow, wanted: Wanted, deed: Deed, isTrial: boolean): Promise<Plan> {
    const before = await this.#state.orders.current(gateway.id);
    const known = knownOf(gateway);
    const start = wanted.whole === true || !before ? EMPTY : before.content;
    const bundles = { ...start.bundles };
    for (const [name, bundle] of Object.entries(wanted.bundles ?? {}))
      bundles[name] = await this.#bundle(name, bundle, known, before?.content.bundles[name] ?? undefined);
    const content: Content = { bundles, configurations: { ...start.configurations, ...wanted.configurations } };
    return this.#give(gateway, { before, content, known, reason: wanted.reason }, deed, isTrial);
  }

  /**
   * Sets what the gateway was to run before its last order. What that order brought that was not desired before becomes what the
   * gateway said it ran then.
   * @throws as `set`, and `FLEET_ROLLBACK_IMPOSSIBLE`
   */
  async rollBack(gateway: GatewayRow, reason: string, deed: Deed, isTrial: boolean): Promise<Plan> {
    const [last, previous] = await this.#state.orders.past(gateway.id, 2);
    if (!last) throw centerError('FLEET_ROLLBACK_IMPOSSIBLE', `${gateway.id} was not told yet what it shall run`);
    const target = previous?.content ?? EMPTY;
    const isNew = (part: keyof Content) =>
      Object.keys(last.content[part]).some((name) => !Object.hasOwn(target[part], name));
    if (!last.before.isTold && (isNew('bundles') || isNew('configurations')))
      throw centerError(
        'FLEET_ROLLBACK_IMPOSSIBLE',
        `${gateway.id} did not say what it ran before (capability "monitor"); say what it shall run with: rackwatt fleet set`,
      );
    const bundles: Content['bundles'] = {};
    for (const name of new Set([...Object.keys(last.content.bundles), ...Object.keys(target.bundles)])) {
      const wanted = target.bundles[name];
      if (wanted !== undefined) bundles[name] = wanted && { ...wanted, downgrade: true };
      else bundles[name] = await this.#asItRan(name, last.before.bundles[name]);
    }
    const configurations = { ...target.configurations };
    for (const pid of Object.keys(last.content.configurations)) {
      if (Object.hasOwn(target.configurations, pid)) continue;
      if (last.before.configurations.includes(pid))
        throw centerError(
          'FLEET_ROLLBACK_IMPOSSIBLE',
          `what the configuration ${pid} was before is known at the gateway alone; set it with: rackwatt fleet set`,
        );
      configurations[pid] = null;
    }
    const parts = { before: last, content: { bundles, configurations }, known: knownOf(gateway), reason };
    return this.#give(gateway, parts, deed, isTrial);
  }

  /** What a gateway shall run, signed for it, now. @returns undefined when nothing was said yet */
  async signed(gateway: string, now: number): Promise<{ token: string; sequence: number } | undefined> {
    const order = await this.#state.orders.current(gateway);
    if (!order) return undefined;
    return { token: await this.#authority.sign(this.#message(order, now)), sequence: order.sequence };
  }

  /** Whether a gateway shall run an archive, and so may have it. */
  async isDesired(gateway: string, sha256: string): Promise<boolean> {
    const { bundles = {} } = (await this.#state.orders.current(gateway))?.content ?? {};
    return Object.values(bundles).some((bundle) => bundle?.sha256 === sha256);
  }

  async #give(
    gateway: GatewayRow,
    { before, content, known, reason }: { before: Order | undefined; content: Content; known: Known; reason: string },
    deed: Deed,
    isTrial: boolean,
  ): Promise<Plan> {
    this.#check(gateway.id, content, reason, deed);
    const differences = differenceOf(before?.content ?? EMPTY, content, known);
    const plan = { gateway: gateway.id, content, differences, warnings: warningsOf(gateway, differences) };
    if (isTrial) return { ...plan, sequence: before?.sequence ?? 0 };
    const { sequence } = await this.#state.orders.set(
      {
        gateway: gateway.id,
        reason,
        content,
        before: { ...known, configurations: Object.keys(known.configurations) },
        follows: before?.sequence ?? 0,
      },
      deed,
    );
    this.#changes.touch(gateway.id);
    return { ...plan, sequence };
  }

  async #bundle(
    name: string,
    wanted: WantedBundle,
    known: Known,
    before: DesiredBundle | undefined,
  ): Promise<DesiredBundle | null> {
    if (wanted === null) return null;
    if (wanted.version === undefined && wanted.sha256 === undefined)
      throw centerError('FLEET_DESIRED_INVALID', `${name}: say which "version", or the "sha256" of the archive`);
    const { version, sha256, size } = await this.#artifacts.find({ name, ...wanted });
    const runs = known.bundles[name] ?? before?.version;
    if (runs !== undefined && isOlder(version, runs) && wanted.downgrade !== true)
      throw centerError(
        'FLEET_DOWNGRADE',
        `${name} ${version} is older than ${runs}; say so when it is meant: --downgrade`,
      );
    return { version, sha256, size, ...(wanted.downgrade === true && { downgrade: true }) };
  }

  async #asItRan(name: string, version: string | undefined): Promise<DesiredBundle | null> {
    if (version === undefined) return null;
    try {
      const { sha256, size } = await this.#artifacts.find({ name, version });
      return { version, sha256, size, downgrade: true };
    } catch (error) {
      throw centerError(
        'FLEET_ROLLBACK_IMPOSSIBLE',
        `${name} ${version} ran before and the center does not have it; bring it with: rackwatt fleet artifacts add FILE.tgz`,
        { cause: error },
      );
    }
  }

  #message({ gateway, sequence, actor, reason, content }: Omit<Order, 'time' | 'before'>, now: number): DesiredState {
    const issued = Math.floor(now / 1000);
    const { tenant } = this.#authority;
    return {
      type: 'desired',
      tenant,
      audience: gateway,
      issued,
      expires: issued + HOLDS,
      sequence,
      actor,
      reason,
      ...content,
    };
  }

  /** That it can be said to a gateway. @throws `FLEET_DESIRED_INVALID` */
  #check(gateway: string, content: Content, reason: string, { actor, now }: Deed): void {
    const local = Object.keys(content.configurations).find((pid) => LOCAL_PIDS.test(pid));
    if (local !== undefined)
      throw centerError(
        'FLEET_DESIRED_INVALID',
        `${local} is set at the gateway, by its own administrator, and nowhere else`,
      );
    const message = this.#message({ gateway, sequence: Number.MAX_SAFE_INTEGER, actor, reason, content }, now);
    try {
      desiredState.check(message);
    } catch (error) {
      throw centerError('FLEET_DESIRED_INVALID', errorMessage(error), { cause: error });
    }
    const size = Buffer.byteLength(JSON.stringify(message));
    if (size > LONGEST_MESSAGE)
      throw centerError(
        'FLEET_DESIRED_INVALID',
        `what the gateway shall run has ${size} bytes, and an order at most ${LONGEST_MESSAGE}`,
      );
  }
}

/** What a gateway said that it runs. */
function knownOf({ report }: GatewayRow): Known {
  const actual = report === null ? undefined : (JSON.parse(report) as Report).actual;
  return {
    isTold: actual !== undefined,
    bundles: Object.fromEntries(actual?.bundles.map(({ name, version }) => [name, version]) ?? []),
    configurations: actual?.configurations ?? {},
  };
}

function isOlder(version: string, than: string): boolean {
  const [one, other] = [Version.read(version), Version.read(than)];
  return one !== undefined && other !== undefined && one.compare(other) < 0;
}

function warningsOf({ report }: GatewayRow, differences: readonly Difference[]): string[] {
  if (report === null) return ['the gateway has not reported yet'];
  const { capabilities } = JSON.parse(report) as Report;
  const lacks = (kind: Difference['kind'], capability: 'configure' | 'update') =>
    differences.some((each) => each.kind === kind && each.action !== 'keep') && !capabilities.includes(capability)
      ? [`the customer has not granted "${capability}": the gateway waits with it until then`]
      : [];
  return [...lacks('bundle', 'update'), ...lacks('configuration', 'configure')];
}
