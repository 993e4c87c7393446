import type { Profile } from '@rackwatt/device-profiles';
import { mibSkip, type MibObject, readMibs } from './mib.js';

const mibs: ReturnType<typeof readMibs> =
  mibSkip === false ? readMibs() : { objects: new Map(), notifications: new Map() };
const { objects } = mibs;

/** Names of notifications by their OID. */
export const { notifications } = mibs;

/** All bases that a profile's OIDs may stand under. */
const basesOf = ({ base, recognise }: Profile): string[] => [
  ...new Set([base, ...recognise.flatMap((alternative) => alternative.base ?? [])]),
];

/** The objects that a template may be an instance of: names of its index and constants behind it are left off one by one. */
export function objectsOf(profile: Profile, template: string): MibObject[] {
  const found: MibObject[] = [];
  for (const base of basesOf(profile)) {
    // An arc that stands in the base (a model's number) may be any that a MIB has.
    const pattern = new RegExp(`^${base.replaceAll('.', '\\.').replace(/\{[a-z]+\}/g, '\\d+')}\\.`);
    const roots = base.includes('{') ? rootsOf(pattern) : [`${base}.`];
    for (const root of roots) {
      const arcs = template
        .replace(/\{.*/, '')
        .split('.')
        .filter((arc) => arc !== '');
      const known = longest(root, arcs) ?? objectsLike(root, template);
      found.push(...known.filter((object: MibObject) => !/SEQUENCE/.test(object.type)));
    }
  }
  return found;
}

function longest(root: string, arcs: string[]): MibObject[] | undefined {
  for (let length = arcs.length; length > 0; length--) {
    const known = objects.get(root + arcs.slice(0, length).join('.'));
    if (known) return known;
  }
  return undefined;
}

/** Objects where the index stands before the column: a MIB without tables, which has a branch of its own for each unit. */
function objectsLike(root: string, template: string): MibObject[] {
  const pattern = template.replaceAll('.', '\\.').replace(/\{[^}]+\}/g, '\\d+');
  const like = new RegExp(`^${root.replaceAll('.', '\\.')}${pattern.replace(/\\\.(0|\\d\+)$/, '')}$`);
  return [...objects].flatMap(([oid, known]) => (like.test(oid) ? known : []));
}

function rootsOf(pattern: RegExp): string[] {
  return [...new Set([...objects.keys()].flatMap((oid) => pattern.exec(oid)?.[0] ?? []))];
}
