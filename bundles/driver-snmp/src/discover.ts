import type { Profile, ProfileIdentitySource } from '@rackwatt/device-profiles';
import type { DeviceIdentity } from '@rackwatt/telemetry';
import { RackwattError } from 'rackwatt';
import { Binder, valueAt } from './bind.js';
import type { Layout } from './layout.js';
import type { SnmpLink } from './link.js';
import { OidPattern } from './oid.js';
import { buildPlans } from './plan.js';
import type { Recognised } from './recognise.js';
import { numberOf, textOf } from './values.js';
import { emptyWalk, type Walk, walkColumns } from './walk.js';

/**
 * Walks the columns that a profile names and binds its templates to the rows that the device has.
 * @throws RackwattError `DEVICE_REFUSED` when the device shows none of the profile's objects; `DEVICE_ADDRESS_INVALID` for
 * a unit that is not there; else what the walk throws
 */
export async function discover(link: SnmpLink, recognised: Recognised, deadline: number): Promise<Layout> {
  const { profile } = recognised;
  const walk = emptyWalk();
  await walkColumns(link, identityColumns(profile), deadline, walk);
  const unit = chooseUnit(link, profile, walk);
  const binder = new Binder(profile, walk, unit);
  await walkColumns(link, binder.columns(), deadline, walk);
  binder.settleUnit();
  const layout = binder.bind(identityOf(profile, walk, unit, recognised.sysDescr));
  if (layout.description.points.length === 0) {
    const { base, name } = profile;
    throw new RackwattError(
      'DEVICE_REFUSED',
      `${link.endpoint.text} is a device of profile ${name} but shows nothing under ${base}: let this community or user see that tree.`,
      { context: { address: link.endpoint.text, profile: name } },
    );
  }
  layout.shape.plans = buildPlans(layout.shape, walk, link);
  return layout;
}

/** Templates of the identity, without those that are patterns of sysDescr. */
function identityTemplates(profile: Profile): string[] {
  const { attributes, ...sources } = profile.identity;
  const templates = Object.values(sources).flatMap((list) =>
    (list ?? []).filter((source) => typeof source === 'string'),
  );
  return [...templates, ...Object.values(attributes ?? {}).map((attribute) => attribute.oid)];
}

function identityColumns(profile: Profile): string[] {
  return identityTemplates(profile).map((template) => new OidPattern(`${profile.base}.${template}`).column);
}

/** The unit of a chain that the address names; the lowest one by default. Undefined when the model has no chains. */
function chooseUnit(link: SnmpLink, profile: Profile, walk: Walk): number | undefined {
  const wanted = link.endpoint.unit;
  const units = new Set<number>();
  const attribute = profile.identity.attributes?.['unit'];
  if (attribute) {
    for (const oid of walk.columns.get(new OidPattern(`${profile.base}.${attribute.oid}`).column) ?? [])
      units.add(numberOf(walk.objects.get(oid)!));
  } else {
    for (const template of identityTemplates(profile)) {
      const pattern = new OidPattern(`${profile.base}.${template}`);
      for (const oid of walk.columns.get(pattern.column) ?? []) {
        const unit = pattern.match(oid)?.['unit'];
        if (unit !== undefined) units.add(unit);
      }
    }
  }
  if (wanted === undefined) return units.size === 0 ? undefined : Math.min(...units);
  if (units.size > 0 && !units.has(wanted)) {
    const known = [...units].toSorted((a, b) => a - b).join(', ');
    throw new RackwattError(
      'DEVICE_ADDRESS_INVALID',
      `There is no unit ${wanted} behind ${link.endpoint.text}: it has ${known}.`,
      {
        context: { address: link.endpoint.text, unit: wanted },
      },
    );
  }
  return wanted;
}

function identityOf(profile: Profile, walk: Walk, unit: number | undefined, sysDescr: string): DeviceIdentity {
  const { attributes, ...sources } = profile.identity;
  const read = (source: ProfileIdentitySource): string => {
    if (typeof source !== 'string') return new RegExp(source.sysDescr).exec(sysDescr)?.[1] ?? '';
    const pattern = new OidPattern(`${profile.base}.${source}`);
    for (const oid of walk.columns.get(pattern.column) ?? []) {
      const bindings = pattern.match(oid);
      if (!bindings || (bindings['unit'] !== undefined && bindings['unit'] !== unit)) continue;
      if (attributes?.['unit'] && valueAt(walk, profile, attributes['unit'], bindings) !== unit) continue;
      return textOf(walk.objects.get(oid));
    }
    return '';
  };
  const identity: DeviceIdentity = { vendor: profile.vendor, profile: profile.name };
  for (const key of ['vendor', 'model', 'serial', 'firmware', 'name'] as const) {
    const text = (sources[key] ?? []).map(read).find((value) => value !== '');
    if (text !== undefined) identity[key] = text;
  }
  return identity;
}
