import type { DeviceIdentity } from '@rackwatt/telemetry';
import { discover } from '../discover.js';
import type { SnmpLink } from '../link.js';
import type { ProfileChoice } from '../recognise.js';

/** A unit behind an agent, and who it is. */
export interface Identified {
  /** Number in its chain; absent where there is no chain. */
  unit: number | undefined;
  identity: DeviceIdentity;
}

/** Who answers at an agent: each unit of a chain. @throws RackwattError as `discover` */
export async function identify(link: SnmpLink, choice: ProfileChoice, deadline: number): Promise<Identified[]> {
  const units = await discover(link, choice, deadline, true);
  return units.map(({ unit, layout }) => ({ unit, identity: layout.description.identity }));
}
