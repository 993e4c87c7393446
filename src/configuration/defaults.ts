import { asList, isKeyed, resolvePointer, type Keyed } from './json.js';
import { isSecretReference } from './references.js';

/**
 * A deep copy of `value` with the defaults of a JSON Schema in the places that are empty; references to secrets stay as
 * they are. Typebox fills in only schemas that it built itself, and those of packed bundles are plain JSON.
 */
export function withDefaults(schema: unknown, value: unknown): unknown {
  return fill(schema, structuredClone(value), schema, 0);
}

function fill(schema: unknown, value: unknown, root: unknown, depth: number): unknown {
  if (!isKeyed(schema) || depth > 100 || isSecretReference(value)) return value;
  const filled = value === undefined && 'default' in schema ? structuredClone(schema['default']) : value;
  if (typeof schema['$ref'] === 'string') return fill(resolvePointer(root, schema['$ref']), filled, root, depth + 1);
  for (const part of asList(schema['allOf'])) fill(part, filled, root, depth + 1);
  const branch = branchOf(schema, filled, root);
  if (branch !== undefined) fill(branch, filled, root, depth + 1);
  if (Array.isArray(filled)) {
    const first = asList(schema['prefixItems']);
    for (const [index, item] of filled.entries())
      filled[index] = fill(first[index] ?? schema['items'], item, root, depth + 1);
  } else if (isKeyed(filled)) fillProperties(schema, filled as Record<string, unknown>, root, depth);
  return filled;
}

function fillProperties(schema: Keyed, value: Record<string, unknown>, root: unknown, depth: number): void {
  const properties = isKeyed(schema['properties']) ? schema['properties'] : {};
  for (const [key, property] of Object.entries(properties)) {
    const filled = fill(property, Object.hasOwn(value, key) ? value[key] : undefined, root, depth + 1);
    if (filled !== undefined) value[key] = filled;
  }
  const patterns = Object.entries(isKeyed(schema['patternProperties']) ? schema['patternProperties'] : {});
  for (const key of Object.keys(value)) {
    if (Object.hasOwn(properties, key)) continue;
    const pattern = patterns.find(([expression]) => new RegExp(expression, 'u').test(key));
    value[key] = fill(pattern?.[1] ?? schema['additionalProperties'], value[key], root, depth + 1);
  }
}

/** Of several forms, the one whose fixed values the object has; none when that leaves a choice. */
function branchOf(schema: Keyed, value: unknown, root: unknown): unknown {
  if (!isKeyed(value)) return undefined;
  const forms = [...asList(schema['anyOf']), ...asList(schema['oneOf'])].map((form) =>
    isKeyed(form) && typeof form['$ref'] === 'string' ? resolvePointer(root, form['$ref']) : form,
  );
  const fitting = forms.filter((form) => {
    if (!isKeyed(form) || !isKeyed(form['properties'])) return false;
    return Object.entries(form['properties']).every(
      ([key, property]) => !isKeyed(property) || !('const' in property) || property['const'] === value[key],
    );
  });
  return fitting.length === 1 ? fitting[0] : undefined;
}
