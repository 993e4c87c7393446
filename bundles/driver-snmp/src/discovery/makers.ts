import type { Profile } from '@rackwatt/device-profiles';
import type { DeviceIdentity } from '@rackwatt/telemetry';

const ENTERPRISES = '1.3.6.1.4.1.';

/** The vendor whose profiles lie under an enterprise number: all that an agent tells of itself that lets nobody in. */
export function makerOf(enterprise: number | undefined, profiles: readonly Profile[]): DeviceIdentity {
  if (enterprise === undefined) return {};
  const own = profiles.find(
    ({ base }) => base === ENTERPRISES + enterprise || base.startsWith(`${ENTERPRISES}${enterprise}.`),
  );
  return own ? { vendor: own.vendor } : {};
}
