import { RackwattError } from '../errors.js';
import type { ComponentDefinition } from './define.js';

/** Keywords whose schemas are about the very value that the schema around them is about. */
const SAME_PLACE = ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'];

type Keyed = Readonly<Record<string, unknown>>;

/**
 * Where a JSON Schema goes round in a circle that no value ends: an object that contains itself, or a `$ref` that leads back to
 * where it stands. A `$ref` back to a schema from a part of its value, as trees have it, is none.
 * @returns a JSON pointer; undefined when there is no circle
 */
export function schemaCircle(schema: object): string | undefined {
  const all = new Map<object, string>();
  const inside = circleAlong(schema, '', partsOf, (part, place) => void all.set(part, place));
  if (inside !== undefined) return inside;
  const seen = new Set<object>();
  for (const [part, place] of all) {
    if (seen.has(part)) continue;
    const circle = circleAlong(
      part,
      place,
      (at) => samePlace(schema, at),
      (met) => void seen.add(met),
      seen,
    );
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Refuses a component whose configuration could not be checked. @throws `COMPONENT_SCHEMA` */
export function checkSchema({ options: { name, configuration } }: ComponentDefinition): void {
  const circle = configuration?.schema && schemaCircle(configuration.schema);
  if (circle === undefined) return;
  throw new RackwattError(
    'COMPONENT_SCHEMA',
    `the schema for the configuration of component ${name} goes round in a circle at ${circle || 'its root'}`,
    { context: { component: name, pointer: circle } },
  );
}

type Edge = readonly [key: string, to: object];

/** Walks in depth without recursion; whoever is met again on the way to itself is in a circle. */
function circleAlong(
  from: object,
  place: string,
  edges: (of: object) => Edge[],
  met: (of: object, place: string) => void,
  done = new Set<object>(),
): string | undefined {
  const path = new Set<object>();
  const stack: { at: object; place: string; rest: Edge[] }[] = [];
  const enter = (at: object, where: string): void => {
    path.add(at);
    met(at, where);
    stack.push({ at, place: where, rest: edges(at) });
  };
  enter(from, place);
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = top.rest.pop();
    if (!next) {
      path.delete(top.at);
      done.add(top.at);
      stack.pop();
      continue;
    }
    const where = `${top.place}/${next[0]}`;
    if (path.has(next[1])) return where;
    if (!done.has(next[1])) enter(next[1], where);
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function partsOf(of: object): Edge[] {
  return Object.entries(of as Keyed).flatMap(([key, part]): Edge[] =>
    isObject(part) ? [[key.replaceAll('~', '~0').replaceAll('/', '~1'), part]] : [],
  );
}

function samePlace(root: object, of: object): Edge[] {
  const schema = of as Keyed;
  const edges = SAME_PLACE.flatMap((key): Edge[] => {
    const part = schema[key];
    if (Array.isArray(part)) return part.filter(isObject).map((each, index): Edge => [`${key}/${index}`, each]);
    return isObject(part) ? [[key, part]] : [];
  });
  const reference = schema['$ref'];
  const target = typeof reference === 'string' ? referenced(root, reference) : undefined;
  return target === undefined ? edges : [...edges, ['$ref', target]];
}

function referenced(root: object, reference: string): object | undefined {
  if (!reference.startsWith('#')) return undefined;
  let part: unknown = root;
  for (const key of reference.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~');
    part = isObject(part) && Object.hasOwn(part, name) ? (part as Keyed)[name] : undefined;
  }
  return isObject(part) ? part : undefined;
}
