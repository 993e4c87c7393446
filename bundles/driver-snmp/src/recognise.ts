import type { Profile, ProfileRecognition } from '@rackwatt/device-profiles';
import { RackwattError } from 'rackwatt';
import { STATUS, statusOf } from './errors.js';
import type { SnmpLink } from './link.js';
import { compareOids, isUnder, OidPattern } from './oid.js';
import type { Varbind } from './snmp/varbind.js';
import { isAbsent, numberOf, textOf } from './values.js';

const SYS_DESCR = '1.3.6.1.2.1.1.1.0';
const SYS_OBJECT_ID = '1.3.6.1.2.1.1.2.0';
/** What agents without a sysObjectID of their own say (RFC 2578, zeroDotZero). */
const NO_SYS_OBJECT_ID = ['', '0.0'];

/** What a device says of itself; empty texts where it says nothing. */
export interface SystemGroup {
  sysDescr: string;
  sysObjectId: string;
}

/** Which profile is wanted, a name or `auto`, and which there are. */
export interface ProfileChoice {
  wanted: string;
  profiles: readonly Profile[];
}

/** A device and the profile that reads it. */
export interface Recognised extends SystemGroup {
  /** With the base and the vendor of the alternative that holds. */
  profile: Profile;
}

/**
 * The profiles that may read a device, best first: the named one alone, or by sysObjectID, longest prefix first, those that go by
 * other signs next, and the fallbacks last.
 * @throws RackwattError `DEVICE_NOT_RECOGNISED` when there is no profile of that name
 */
export async function* candidatesOf(
  link: SnmpLink,
  { wanted, profiles }: ProfileChoice,
  system: SystemGroup,
  deadline: number,
): AsyncGenerator<Recognised> {
  if (wanted !== 'auto') {
    yield { ...system, profile: named(wanted, profiles, system) };
    return;
  }
  const given = new Set<string>();
  for (const { profile, recognition, matched } of ranked(profiles, system)) {
    if (given.has(profile.name) || !(await answersProbes(link, recognition, deadline))) continue;
    given.add(profile.name);
    yield { ...system, profile: settled(profile, recognition, matched.names) };
  }
}

/**
 * The first profile that fits a device by what it says of itself.
 * @throws RackwattError `DEVICE_NOT_RECOGNISED`: says what the device says of itself
 */
export async function recognise(link: SnmpLink, choice: ProfileChoice, deadline: number): Promise<Recognised> {
  const system = await systemOf(link, deadline);
  for await (const recognised of candidatesOf(link, choice, system, deadline)) return recognised;
  throw notRecognised(link, system);
}

/** @param trees what makers' trees it shows, where that was looked for */
export function notRecognised(
  link: SnmpLink,
  { sysObjectId, sysDescr }: SystemGroup,
  trees: readonly string[] = [],
): RackwattError {
  const described = sysDescr === '' ? '' : ` ("${sysDescr.slice(0, 80)}")`;
  const shows = trees.length === 0 ? '' : `; it shows objects under ${trees.join(', ')}`;
  const address = link.endpoint.text;
  return new RackwattError(
    'DEVICE_NOT_RECOGNISED',
    `${address} is ${sysObjectId || 'without sysObjectID'}${described}, which no profile reads${shows}: name one ("rackwatt profile list"), or record the device and draft one ("rackwatt record", "rackwatt profile draft").`,
    { context: { address, sysObjectId, sysDescr, trees } },
  );
}

const ENTERPRISES = '1.3.6.1.4.1';
/** Arcs that tell trees apart: maker, and two below. */
const TREE_ARCS = 9;
const MOST_TREES = 6;

/** The makers' trees that an agent shows, a step below the maker; the first few. */
export async function shownTrees(link: SnmpLink, deadline: number): Promise<string[]> {
  const trees: string[] = [];
  let at = ENTERPRISES;
  while (trees.length < MOST_TREES) {
    const varbind = await oneOf(link, () => link.next([at], deadline));
    if (!varbind || !isUnder(varbind.oid, ENTERPRISES) || compareOids(varbind.oid, at) <= 0) break;
    const tree = varbind.oid.split('.').slice(0, TREE_ARCS);
    trees.push(tree.join('.'));
    // The next tree begins after all that can lie in this one.
    at = [...tree, LAST_ARC].join('.');
  }
  return trees;
}

/** Some agents take an arc for signed. */
const LAST_ARC = 2 ** 31 - 1;

/** What a device says of itself; empty texts where it says nothing. */
export async function systemOf(link: SnmpLink, deadline: number): Promise<SystemGroup> {
  // One at a time: SNMPv1 agents answer nothing at all when one of several is missing.
  const texts: string[] = [];
  for (const oid of [SYS_DESCR, SYS_OBJECT_ID]) texts.push(textOf(await present(link, oid, deadline)));
  return { sysDescr: texts[0]!, sysObjectId: texts[1]!.replace(/^\./, '') };
}

interface Match {
  /** Arcs of the prefix; 0 when the sysObjectID is not asked for, 1 when there must be none. */
  arcs: number;
  /** Arcs that the prefix names, by name. */
  names: Record<string, string>;
}

interface Candidate {
  profile: Profile;
  recognition: ProfileRecognition;
  matched: Match;
}

function ranked(profiles: readonly Profile[], system: SystemGroup): Candidate[] {
  return profiles
    .flatMap((profile) =>
      profile.recognise.flatMap((recognition): Candidate[] => {
        const matched = matchOf(recognition, system);
        return matched ? [{ profile, recognition, matched }] : [];
      }),
    )
    .toSorted((a, b) => rankOf(b) - rankOf(a));
}

const conditions = ({ sysDescr, probe = [] }: ProfileRecognition): number =>
  (sysDescr === undefined ? 0 : 1) + probe.length;

/** Higher is better: no fallback, then the longer prefix, then more further signs. */
function rankOf({ profile, recognition, matched }: Candidate): number {
  return (profile.fallback ? 0 : 1_000_000) + matched.arcs * 1000 + conditions(recognition);
}

function matchOf(recognition: ProfileRecognition, { sysObjectId, sysDescr }: SystemGroup): Match | undefined {
  if (recognition.sysDescr !== undefined && !new RegExp(recognition.sysDescr).test(sysDescr)) return undefined;
  if (recognition.sysObjectId === undefined) return { arcs: 0, names: {} };
  const matches = recognition.sysObjectId.flatMap((prefix) => {
    const names = prefixNames(prefix, sysObjectId, recognition.exact ?? false);
    return names ? [{ arcs: prefix === 'none' ? 1 : prefix.split('.').length, names }] : [];
  });
  return matches.toSorted((a, b) => b.arcs - a.arcs)[0];
}

/** Compares arc by arc, so that 1.3.4 does not hold 1.3.40. */
function prefixNames(prefix: string, sysObjectId: string, exact: boolean): Record<string, string> | undefined {
  if (prefix === 'none') return NO_SYS_OBJECT_ID.includes(sysObjectId) ? {} : undefined;
  const wanted = prefix.split('.');
  const arcs = sysObjectId.split('.');
  if (arcs.length < wanted.length || (exact && arcs.length !== wanted.length)) return undefined;
  const names: Record<string, string> = {};
  for (const [i, arc] of wanted.entries()) {
    if (arc.startsWith('{')) names[arc.slice(1, -1)] = arcs[i]!;
    else if (arc !== arcs[i]) return undefined;
  }
  return names;
}

function named(name: string, profiles: readonly Profile[], system: SystemGroup): Profile {
  const profile = profiles.find((each) => each.name === name);
  if (!profile) {
    throw new RackwattError(
      'DEVICE_NOT_RECOGNISED',
      `There is no profile '${name}': name one ("rackwatt profile list"), or 'auto'.`,
      { context: { profile: name } },
    );
  }
  const fits = profile.recognise.flatMap((recognition) => {
    const matched = matchOf(recognition, system);
    return matched ? [{ recognition, matched }] : [];
  });
  const best = fits.toSorted((a, b) => b.matched.arcs - a.matched.arcs)[0];
  if (best) return settled(profile, best.recognition, best.matched.names);
  if (!profile.base.includes('{')) return profile;
  throw new RackwattError(
    'DEVICE_NOT_RECOGNISED',
    `Profile '${name}' cannot read a device whose sysObjectID is ${system.sysObjectId || 'missing'}: its tree depends on it.`,
    { context: { profile: name, sysObjectId: system.sysObjectId } },
  );
}

function settled(profile: Profile, { base, vendor }: ProfileRecognition, names: Record<string, string>): Profile {
  const filled = new OidPattern(base ?? profile.base).fill(names) ?? profile.base;
  if (filled === profile.base && vendor === undefined) return profile;
  return { ...profile, base: filled, vendor: vendor ?? profile.vendor };
}

async function answersProbes(link: SnmpLink, { probe = [] }: ProfileRecognition, deadline: number): Promise<boolean> {
  for (const condition of probe) {
    const { oid, values, above, pattern } = typeof condition === 'string' ? { oid: condition } : condition;
    const varbind =
      (await present(link, oid, deadline)) ??
      ((values ?? above ?? pattern) ? undefined : await firstUnder(link, oid, deadline));
    if (!varbind) return false;
    if (values !== undefined && !values.includes(numberOf(varbind))) return false;
    if (above !== undefined && !(numberOf(varbind) > above)) return false;
    if (pattern !== undefined && !new RegExp(pattern).test(textOf(varbind))) return false;
  }
  return true;
}

/** One object; undefined when the agent has none. */
async function present(link: SnmpLink, oid: string, deadline: number): Promise<Varbind | undefined> {
  const varbind = await oneOf(link, () => link.get([oid], deadline));
  return varbind?.oid === oid ? varbind : undefined;
}

/** The first object of a tree; undefined when the agent has none there. */
async function firstUnder(link: SnmpLink, oid: string, deadline: number): Promise<Varbind | undefined> {
  const varbind = await oneOf(link, () => link.next([oid], deadline));
  return varbind && isUnder(varbind.oid, oid) ? varbind : undefined;
}

async function oneOf(link: SnmpLink, ask: () => Promise<Varbind[]>): Promise<Varbind | undefined> {
  try {
    const [varbind] = await ask();
    return varbind === undefined || isAbsent(varbind) ? undefined : varbind;
  } catch (error) {
    if (statusOf(error) === STATUS.noSuchName) return undefined;
    throw error;
  }
}
