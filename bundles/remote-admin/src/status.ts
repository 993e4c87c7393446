import { type Capability, type Phase, type Report, shownFingerprint } from '@rackwatt/fleet';
import type { TrustedClock } from './clock.js';
import type { Identity } from './identity.js';
import type { Session } from './session.js';
import type { Settings } from './settings.js';

/** What the administrator at the gateway sees. */
export interface Status {
  /** `stopped`: something is wrong that he has to put right. */
  state: 'off' | 'connecting' | 'enrolling' | 'connected' | 'stopped';
  capabilities: readonly Capability[];
  /** Consent was withdrawn, and what follows from it is under way. */
  isWithdrawing?: true;
  center?: string;
  /** While somebody at the center has to approve: what he is to be told. */
  claimCode?: string;
  /** Beginning of the sha256 of the public key. */
  key?: string;
  gateway?: string;
  tenant?: string;
  /** ISO 8601. */
  certificateUntil?: string;
  lastContact?: string;
  desired?: { sequence: number; phase: Phase; detail?: string };
  refused?: Report['refused'];
  clock: 'trusted' | 'untrusted';
  trouble?: { code?: string; message: string };
  /** What is wrong with the audit log. */
  audit?: string;
}

export interface StatusParts {
  settings: Settings;
  granted: readonly Capability[];
  isWithdrawing: boolean;
  clock: TrustedClock;
  identity?: Identity;
  session?: Session;
  trouble?: { code?: string; message: string };
  audit?: string;
}

export function statusOf({
  settings,
  granted,
  isWithdrawing,
  clock,
  identity,
  session,
  trouble,
  audit,
}: StatusParts): Status {
  const { center } = settings;
  const desired = session?.progress?.current;
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  const { fingerprint, enrolled, validUntil, pending } = identity ?? {};
  return {
    state: stateOf(granted, identity, session),
    capabilities: granted,
    ...(isWithdrawing ? { isWithdrawing } : {}),
    ...(center && { center: `https://${center.host.includes(':') ? `[${center.host}]` : center.host}:${center.port}` }),
    ...(pending && granted.length > 0 ? { claimCode: pending.claimCode } : {}),
    ...(fingerprint === undefined ? {} : { key: shownFingerprint(fingerprint) }),
    ...(enrolled && { gateway: enrolled.gateway, tenant: enrolled.tenant }),
    ...(validUntil === undefined ? {} : { certificateUntil: time(validUntil) }),
    ...(session?.contacted === undefined ? {} : { lastContact: time(session.contacted) }),
    ...(desired && {
      desired: {
        sequence: desired.sequence,
        phase: desired.phase,
        ...(desired.detail === undefined ? {} : { detail: desired.detail }),
      },
    }),
    ...(session?.refused && { refused: session.refused }),
    clock: clock.isTrusted ? 'trusted' : 'untrusted',
    ...(trouble && { trouble }),
    ...(audit === undefined ? {} : { audit }),
  };
}

function stateOf(granted: readonly Capability[], identity?: Identity, session?: Session): Status['state'] {
  if (granted.length === 0) return 'off';
  if (session === undefined) return 'stopped';
  if (identity?.enrolled !== undefined)
    return session.trouble === undefined && session.contacted !== undefined ? 'connected' : 'connecting';
  return identity?.pending === undefined ? 'connecting' : 'enrolling';
}
