import { type Report, shownFingerprint } from '@rackwatt/fleet';
import type { Presence } from './presence.js';
import type { EnrolmentRow } from './state/enrolments.js';
import type { GatewayRow } from './state/gateways.js';
import type { OrderHead } from './state/orders.js';

/** A gateway that waits for a person. */
export interface EnrolmentView {
  id: string;
  serial: string;
  model: string;
  runtime: string;
  /** sha256 of its key in hex, and the beginning of it as people compare it. */
  fingerprint: string;
  shown: string;
  address: string;
  /** ms since 1970. */
  created: number;
  expires: number;
  /** Ids of gateways that are enrolled with the same serial. */
  sameSerial: string[];
}

/**
 * How far a gateway is with what it shall run: a phase that it reported, or `sent` while it said nothing of it yet; `none`: nobody said
 * what it shall run.
 */
export type Progress = NonNullable<Report['desired']>['phase'] | 'sent' | 'none';

export interface GatewayView {
  id: string;
  name: string | null;
  state: 'active' | 'revoked';
  serial: string;
  model: string;
  runtime: string;
  fingerprint: string;
  address: string;
  enrolled: number;
  approvedBy: string;
  /** Of its certificate. */
  expires: number;
  revoked: number | null;
  isOnline: boolean;
  /** Its last word, ms since 1970. */
  seen: number | null;
  health: 'ok' | 'degraded' | 'failed' | null;
  capabilities: string[];
  desired: {
    progress: Progress;
    sequence: number | null;
    reason: string | null;
    actor: string | null;
    time: number | null;
    /** Why, in a sentence of the gateway. */
    detail: string | null;
    /** 0 to 1, of the download. */
    downloaded: number | null;
  };
  /** The gateway knows a later order than this center, which was restored from a copy: it has to be told anew what to run. */
  isAhead: boolean;
}

export function enrolmentView(row: EnrolmentRow, gateways: readonly GatewayRow[]): EnrolmentView {
  const { id, serial, model, runtime, fingerprint, address, created, expires } = row;
  const sameSerial = gateways
    .filter((gateway) => gateway.state === 'active' && gateway.serial === serial)
    .map((gateway) => gateway.id);
  const shown = shownFingerprint(fingerprint);
  return { id, serial, model, runtime, fingerprint, shown, address, created, expires, sameSerial };
}

export function gatewayView(row: GatewayRow, order: OrderHead | undefined, presence: Presence): GatewayView {
  const { id, name, state, serial, model, runtime, fingerprint, address, enrolled, approvedBy, expires, revoked } = row;
  const report = reportOf(row);
  const said = report?.desired?.sequence === order?.sequence ? report?.desired : undefined;
  return {
    id,
    name,
    state,
    serial,
    model,
    runtime: report?.node.runtime ?? runtime,
    fingerprint,
    address,
    enrolled,
    approvedBy,
    expires,
    revoked,
    isOnline: state === 'active' && presence.isOnline(id),
    seen: Math.max(presence.seen(id) ?? 0, row.reported ?? 0) || null,
    health: report?.actual?.health ?? null,
    capabilities: report?.capabilities ?? [],
    desired: {
      progress: order ? (said?.phase ?? 'sent') : 'none',
      sequence: order?.sequence ?? null,
      reason: order?.reason ?? null,
      actor: order?.actor ?? null,
      time: order?.time ?? null,
      detail: said?.detail ?? null,
      downloaded: said?.progress ?? null,
    },
    isAhead: row.reached > (order?.sequence ?? 0),
  };
}

export function reportOf({ report }: GatewayRow): Report | undefined {
  return report === null ? undefined : (JSON.parse(report) as Report);
}
