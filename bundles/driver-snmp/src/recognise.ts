import { type Profile, profiles } from '@rackwatt/device-profiles';
import type { Varbind } from 'net-snmp';
import { RackwattError } from 'rackwatt';
import { STATUS, statusOf } from './errors.js';
import type { SnmpLink } from './link.js';
import { isUnder } from './oid.js';
import { isAbsent, textOf } from './values.js';

const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0';

/** A device and the profile that reads it. */
export interface Recognised {
  profile: Profile;
  sysObjectId: string;
  sysDescr: string;
}

/**
 * Finds the profile of a device: the named one, or by sysObjectID, longest prefix first.
 * @throws RackwattError `DEVICE_NOT_RECOGNISED`: says what the device says of itself
 */
export async function recognise(link: SnmpLink, wanted: string, deadline: number): Promise<Recognised> {
  const named = wanted === 'auto' ? undefined : profiles().find((profile) => profile.name === wanted);
  if (wanted !== 'auto' && !named) {
    throw new RackwattError(
      'DEVICE_NOT_RECOGNISED',
      `There is no profile '${wanted}': name one of ${names()}, or 'auto'.`,
      { context: { profile: wanted } },
    );
  }
  const { sysDescr, sysObjectId } = await systemOf(link, deadline);
  const profile = named ?? (await bestProfile(link, sysObjectId, sysDescr, deadline));
  if (!profile) {
    const described = sysDescr === '' ? '' : ` ("${sysDescr.slice(0, 80)}")`;
    throw new RackwattError(
      'DEVICE_NOT_RECOGNISED',
      `${link.endpoint.text} is ${sysObjectId || 'without sysObjectID'}${described}, which no profile reads: name one of ${names()}, or record the device and write one.`,
      { context: { address: link.endpoint.text, sysObjectId, sysDescr } },
    );
  }
  return { profile, sysObjectId, sysDescr };
}

/** What a device says of itself; empty texts where it says nothing. */
export async function systemOf(link: SnmpLink, deadline: number): Promise<{ sysDescr: string; sysObjectId: string }> {
  // One at a time: SNMPv1 agents answer nothing at all when one of several is missing.
  const texts: string[] = [];
  for (const oid of [SYS_DESCR, SYS_OBJECT_ID]) {
    texts.push(textOf(await present(link, oid, deadline)));
  }
  return { sysDescr: texts[0]!, sysObjectId: texts[1]! };
}

async function bestProfile(
  link: SnmpLink,
  sysObjectId: string,
  sysDescr: string,
  deadline: number,
): Promise<Profile | undefined> {
  const candidates = profiles()
    .flatMap((profile) => profile.recognise.sysObjectId.map((prefix) => ({ profile, prefix })))
    .filter(({ prefix }) => sysObjectId === prefix || isUnder(sysObjectId, prefix))
    .filter(
      ({ profile }) =>
        profile.recognise.sysDescr === undefined || new RegExp(profile.recognise.sysDescr).test(sysDescr),
    )
    .toSorted((a, b) => b.prefix.split('.').length - a.prefix.split('.').length);
  for (const { profile } of candidates) if (await answersProbes(link, profile, deadline)) return profile;
  return undefined;
}

async function answersProbes(link: SnmpLink, profile: Profile, deadline: number): Promise<boolean> {
  for (const oid of profile.recognise.probe ?? []) if (!(await present(link, oid, deadline))) return false;
  return true;
}

/** One object; undefined when the agent has none. */
async function present(link: SnmpLink, oid: string, deadline: number): Promise<Varbind | undefined> {
  try {
    const [varbind] = await link.get([oid], deadline);
    return varbind === undefined || isAbsent(varbind) || varbind.oid !== oid ? undefined : varbind;
  } catch (error) {
    if (statusOf(error) !== STATUS.noSuchName) throw error;
    return undefined;
  }
}

function names(): string {
  return profiles()
    .map((profile) => profile.name)
    .join(', ');
}
