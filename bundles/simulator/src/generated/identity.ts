import type { Profile, ProfileIdentitySource } from '@rackwatt/device-profiles';
import { fillTemplate, namesOf } from '../profile/template.js';
import { fits, textMatching, type Wanted } from '../profile/text.js';
import type { Cells } from './cells.js';
import { type Ground, SYS_DESCR } from './rows.js';

export const FIELDS = ['vendor', 'model', 'serial', 'firmware', 'name'] as const;
export type Field = (typeof FIELDS)[number];

/** Who a device says that it is. */
export type Identity = Readonly<Partial<Record<Field, string>>>;

/** Where a field stands: an object, all of it or what a pattern captures. */
export interface IdentityOid {
  oid: string;
  pattern?: string;
}

export type IdentityOids = Readonly<Record<Field, readonly IdentityOid[]>>;

/** Gives one unit's identity its objects. */
export function identify(ground: Ground, cells: Cells, unit: number): IdentityOids {
  const { attributes, ...sources } = ground.profile.identity;
  const number = String(ground.units[unit]!);
  const attribute = attributes?.['unit'];
  const oidOf = (template: string) => {
    const others = namesOf(template).map((name) => [name, attribute ? number : '1']);
    return fillTemplate(`${ground.base}.${template}`, { ...Object.fromEntries(others), unit: number });
  };
  if (attribute && 'oid' in attribute) cells.take([{ oid: oidOf(attribute.oid)!, kind: 'fact', choices: [number] }]);
  const place = (field: Field): IdentityOid[] =>
    (sources[field] ?? []).map((source): IdentityOid => {
      if (typeof source === 'object' && 'sysDescr' in source) return { oid: SYS_DESCR, pattern: source.sysDescr };
      const template = templateOf(source);
      const isShared = !attribute && !namesOf(template).includes('unit');
      const pattern = typeof source === 'object' && 'pattern' in source ? { pattern: source.pattern } : {};
      const oid = oidOf(template)!;
      cells.take([{ oid, kind: 'text', name: `${field} ${isShared ? 0 : unit}`, ...pattern }]);
      return { oid, ...pattern };
    });
  return {
    vendor: place('vendor'),
    model: place('model'),
    serial: place('serial'),
    firmware: place('firmware'),
    name: place('name'),
  };
}

function templateOf(source: Exclude<ProfileIdentitySource, { sysDescr: string }>): string {
  return typeof source === 'string' ? source : source.oid;
}

/** The first group of a pattern, or all that it matches; empty when it does not. */
export function captured(pattern: string, text: string): string {
  const match = new RegExp(pattern).exec(text);
  return match?.[1] ?? match?.[0] ?? '';
}

/** A text of which a pattern captures this, as far as the pattern lets it. */
export function textCapturing(pattern: string, text: string): string {
  return (
    textMatching([capturing(pattern, text)]) ?? (fits(text, { pattern }) ? text : (textMatching([{ pattern }]) ?? text))
  );
}

export function capturing(pattern: string, text: string): Wanted {
  const groups = new RegExp(`${pattern}|`).exec('')!.length - 1;
  return groups > 0 ? { pattern, groups: { 1: text } } : { pattern };
}

/** The name of a family's models, as far as its title tells one. */
export function modelOf({ title, vendor }: Profile): string {
  const first = title.split(/[,;(]/)[0]!.trim();
  return first.startsWith(`${vendor} `) ? first.slice(vendor.length + 1) : first;
}
