import type { Profile, ProfileIdentitySource } from '@rackwatt/device-profiles';
import type { DeviceIdentity } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { bindProfile, columnsOf, unitsOfParts } from './bind.js';
import type { Layout } from './layout.js';
import type { SnmpLink } from './link.js';
import { buildPlans } from './plan.js';
import { candidatesOf, notRecognised, type ProfileChoice, type Recognised, systemOf, shownTrees } from './recognise.js';
import { attributeAt, type Found, identityTemplates, patternOf, templateOf } from './row.js';
import { textOf } from './values.js';
import { emptyWalk, type Walk, walkColumns } from './walk.js';

/** A unit of a chain behind one agent; of a device that has no chains there is one without a number. */
export interface DiscoveredUnit {
  unit: number | undefined;
  layout: Layout;
  /** What the device said. */
  walk: Walk;
}

/**
 * Finds the profile that reads a device, walks the columns that it names and binds its templates to the rows that are there.
 * @param every all units of a chain, unless the address names one; else the first
 * @throws RackwattError `DEVICE_NOT_RECOGNISED`; `DEVICE_REFUSED` when the device shows none of its profile's objects;
 * `DEVICE_ADDRESS_INVALID` for a unit that is not there; else what the walk throws
 */
export async function discover(
  link: SnmpLink,
  choice: ProfileChoice,
  deadline: number,
  every = false,
): Promise<[DiscoveredUnit, ...DiscoveredUnit[]]> {
  const system = await systemOf(link, deadline);
  let first: Recognised | undefined;
  for await (const recognised of candidatesOf(link, choice, system, deadline)) {
    first ??= recognised;
    const [unit, ...others] = await discoverAs(link, recognised, deadline, every);
    if (unit) return [unit, ...others];
  }
  if (first) throw nothingShown(link, first.profile);
  throw notRecognised(link, system, await shownTrees(link, deadline));
}

/** The units that a profile finds something of. */
async function discoverAs(
  link: SnmpLink,
  { profile, sysDescr }: Recognised,
  deadline: number,
  every: boolean,
): Promise<DiscoveredUnit[]> {
  const walk = emptyWalk();
  await walkColumns(link, identityColumns(profile), deadline, walk);
  const named = unitsOfIdentity({ profile, walk, sysDescr, places: new Map() });
  const wanted = link.endpoint.unit;
  if (wanted !== undefined && named.size > 0 && !named.has(wanted)) throw noSuchUnit(link, wanted, named);
  const only = wanted ?? (every || named.size === 0 ? undefined : Math.min(...named));
  // Known before the walk, so that other units of a chain are left out of it.
  await walkColumns(link, columnsOf(profile, only), deadline, walk);
  const found: Found = { profile, walk, sysDescr, places: new Map() };
  const units =
    only === undefined ? [...new Set([...named, ...unitsOfParts(found)])].toSorted((a, b) => a - b) : [only];
  const bound: DiscoveredUnit[] = [];
  for (const unit of units.length === 0 ? [undefined] : units) {
    const layout = bindProfile(found, unit, identityOf(found, unit));
    if (layout.description.points.length === 0) continue;
    layout.shape.plans = buildPlans(layout.shape, walk, link);
    bound.push({ unit, layout, walk });
    if (!every) break;
  }
  return bound;
}

function nothingShown(link: SnmpLink, { base, name }: Profile): RackwattError {
  return new RackwattError(
    'DEVICE_REFUSED',
    `${link.endpoint.text} is a device of profile ${name} but shows nothing under ${base}: let this community or user see that tree.`,
    { context: { address: link.endpoint.text, profile: name } },
  );
}

function noSuchUnit(link: SnmpLink, unit: number, units: Set<number>): RackwattError {
  const known = [...units].toSorted((a, b) => a - b).join(', ');
  return new RackwattError(
    'DEVICE_ADDRESS_INVALID',
    `There is no unit ${unit} behind ${link.endpoint.text}: it has ${known}.`,
    { context: { address: link.endpoint.text, unit } },
  );
}

function identityColumns(profile: Profile): string[] {
  return identityTemplates(profile).map((template) => patternOf(profile, template).column);
}

/** Units that the identity names; none where a model has no chains, or does not tell who it is. */
function unitsOfIdentity(found: Found): Set<number> {
  const units = new Set<number>();
  const attribute = found.profile.identity.attributes?.['unit'];
  const templates = attribute && 'oid' in attribute ? [attribute.oid] : identityTemplates(found.profile);
  for (const template of templates) {
    const pattern = patternOf(found.profile, template);
    for (const oid of found.walk.columns.get(pattern.column) ?? []) {
      const arcs = pattern.match(oid);
      const unit = arcs && (attribute ? attributeAt(found, attribute, arcs)?.number : arcs['unit']);
      if (Number.isInteger(unit)) units.add(Number(unit));
    }
  }
  return units;
}

function identityOf(found: Found, unit: number | undefined): DeviceIdentity {
  const { profile } = found;
  const { attributes: _, ...sources } = profile.identity;
  const identity: DeviceIdentity = { vendor: profile.vendor, profile: profile.name };
  for (const key of ['vendor', 'model', 'serial', 'firmware', 'name'] as const) {
    const text = (sources[key] ?? []).map((source) => identityText(found, source, unit)).find((value) => value !== '');
    if (text !== undefined) identity[key] = text;
  }
  return identity;
}

function identityText(found: Found, source: ProfileIdentitySource, unit?: number): string {
  const { profile, walk, sysDescr } = found;
  const template = templateOf(source);
  if (template === undefined) return captured((source as { sysDescr: string }).sysDescr, sysDescr);
  const attribute = profile.identity.attributes?.['unit'];
  const pattern = patternOf(profile, template);
  for (const oid of walk.columns.get(pattern.column) ?? []) {
    const arcs = pattern.match(oid);
    if (!arcs || (arcs['unit'] !== undefined && arcs['unit'] !== unit)) continue;
    if (attribute && attributeAt(found, attribute, arcs)?.number !== unit) continue;
    const text = textOf(walk.objects.get(oid));
    return typeof source === 'object' && 'pattern' in source ? captured(source.pattern, text) : text;
  }
  return '';
}

/** The first group of a pattern, or all that it matches; empty when it does not. */
function captured(pattern: string, text: string): string {
  const match = new RegExp(pattern).exec(text);
  return match?.[1] ?? match?.[0] ?? '';
}
