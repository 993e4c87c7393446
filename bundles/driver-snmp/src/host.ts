import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { RackwattError } from 'rackwatt';

/** The address of a host. @throws RackwattError `DEVICE_ADDRESS_INVALID` for a name that there is not, `DEVICE_NO_ANSWER` */
export async function resolved(host: string): Promise<{ address: string; family: number }> {
  const family = isIP(host);
  if (family !== 0) return { address: host, family };
  try {
    return await lookup(host);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    const known = code === 'ENOTFOUND' ? 'DEVICE_ADDRESS_INVALID' : 'DEVICE_NO_ANSWER';
    throw new RackwattError(known, `The name ${host} has no address (${code}): check the name and the resolver.`, {
      context: { host },
    });
  }
}
