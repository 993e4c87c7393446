import { computed, signal } from '@preact/signals';
import { fleetEventsUrl, get } from './api.js';
import { heard } from './clock.js';
import { health } from './fleet.js';

/** As `/fleet` of the API gives them; what the page does not show is left out. */
export interface GatewayView {
  id: string;
  name: string | null;
  state: 'active' | 'revoked';
  serial: string;
  model: string;
  runtime: string;
  address: string;
  isOnline: boolean;
  /** ms since 1970. */
  seen: number | null;
  health: 'ok' | 'degraded' | 'failed' | null;
  capabilities: string[];
  desired: {
    progress: string;
    sequence: number | null;
    reason: string | null;
    actor: string | null;
    time: number | null;
    detail: string | null;
    /** 0 to 1. */
    downloaded: number | null;
  };
}

export interface GatewayDetail extends GatewayView {
  wanted: {
    bundles: Record<string, { version: string } | null>;
    configurations: Record<string, Record<string, unknown> | null>;
  };
  report: {
    actual?: {
      troubles: Record<string, string>;
      bundles: { name: string; version: string; state: string; reason?: string }[];
    };
  } | null;
  orders: { sequence: number; time: number; actor: string; reason: string }[];
  outcomes: { sequence: number; time: number; phase: string; detail: string | null }[];
}

export interface EnrolmentView {
  id: string;
  serial: string;
  model: string;
  runtime: string;
  /** Beginning of the fingerprint of its key, in groups. */
  shown: string;
  address: string;
  created: number;
  expires: number;
  /** Gateways that are enrolled with the same serial number. */
  sameSerial: string[];
}

export interface ArtifactView {
  sha256: string;
  name: string;
  version: string;
}

/** Whether this node is an administration center; undefined before it said anything. */
export const isCenter = computed(() => health.value && 'admin-center' in health.value.checks);
export const gateways = signal<GatewayView[] | undefined>(undefined);
export const enrolments = signal<EnrolmentView[]>([]);

export async function readCenter(): Promise<void> {
  const [list, pending] = await Promise.all([
    get<{ time: number; gateways: GatewayView[] }>('/fleet/gateways'),
    get<{ enrolments: EnrolmentView[] }>('/fleet/enrolments'),
  ]);
  heard(list.time);
  gateways.value = list.gateways;
  enrolments.value = pending.enrolments;
}

/** What is wrong with the node is told where its state is shown. */
const untold = (): void => undefined;

const listeners = new Set<(gateway: GatewayDetail) => void>();

/** Hears of each gateway that changed. @returns ends it */
export function onGateway(listener: (gateway: GatewayDetail) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** Follows gateways and enrolments as they change, while the page is seen. @returns ends it */
export function followCenter(): () => void {
  let source: EventSource | undefined;
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(fleetEventsUrl);
    // What changed while nobody listened.
    source.addEventListener('open', () => void readCenter().catch(untold));
    source.addEventListener('gateway', (event: MessageEvent<string>) => {
      const gateway = JSON.parse(event.data) as GatewayDetail;
      const others = gateways.peek()?.filter(({ id }) => id !== gateway.id) ?? [];
      gateways.value = [...others, gateway];
      for (const listener of listeners) listener(gateway);
    });
    source.addEventListener('enrolments', (event: MessageEvent<string>) => {
      enrolments.value = JSON.parse(event.data) as EnrolmentView[];
    });
  };
  const close = () => {
    source?.close();
    source = undefined;
  };
  const visibility = () => (document.hidden ? close() : open());
  document.addEventListener('visibilitychange', visibility);
  open();
  return () => {
    document.removeEventListener('visibilitychange', visibility);
    close();
  };
}
