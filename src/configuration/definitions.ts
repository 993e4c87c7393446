import { asList, isKeyed, resolvePointer, type Keyed } from './json.js';
import type { AttributeDefinition, ObjectClassDefinition } from './metatype.js';

/** Texts by language, `default` those for all others; in a schema `%key` stands for the text `key`. */
export type Texts = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Keywords whose texts people read. */
const READ = new Set(['title', 'description']);

/** A copy of a schema in a language: `de-CH`, else `de`, else the default; a text that no language has stays its key. */
export function localized(schema: object, texts: Texts, locale: string | undefined): object {
  const languages = [...languagesOf(locale), 'default'];
  const text = (key: string): string => {
    const found = languages.map((language) => texts[language]).find((each) => each && Object.hasOwn(each, key));
    return found?.[key] ?? key;
  };
  const copy = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(copy);
    if (!isKeyed(part)) return part;
    return Object.fromEntries(
      Object.entries(part).map(([key, value]) => [
        key,
        READ.has(key) && typeof value === 'string' && value.startsWith('%') ? text(value.slice(1)) : copy(value),
      ]),
    );
  };
  return copy(schema) as object;
}

/** `de_CH_1996` -> `de-CH-1996`, `de-CH`, `de` */
function languagesOf(locale: string | undefined): string[] {
  const parts = (locale ?? '').replaceAll('_', '-').split('-').filter(Boolean);
  return parts.map((_, index) => parts.slice(0, parts.length - index).join('-'));
}

export function objectClass(
  { pid, isFactory, bundle }: Pick<ObjectClassDefinition, 'pid' | 'isFactory' | 'bundle'>,
  schema: object,
): ObjectClassDefinition {
  const { title, description, properties } = schema as Keyed;
  const required = new Set(asList((schema as Keyed)['required']));
  return {
    pid,
    isFactory,
    bundle,
    name: typeof title === 'string' ? title : pid,
    ...(typeof description === 'string' ? { description } : {}),
    attributes: Object.entries(isKeyed(properties) ? properties : {}).map(([id, part]) =>
      attribute(id, part, required.has(id), schema),
    ),
    schema,
  };
}

function attribute(id: string, written: unknown, isRequired: boolean, root: object): AttributeDefinition {
  const whole = resolved(written, root);
  const isList = whole['type'] === 'array';
  const part = isList ? resolved(whole['items'], root) : whole;
  const texts = { ...part, ...whole };
  const type = typeOf(part);
  const [least, most] = type === 'string' || type === 'password' ? ['minLength', 'maxLength'] : ['minimum', 'maximum'];
  const options = optionsOf(part);
  return {
    id,
    name: typeof texts['title'] === 'string' ? texts['title'] : id,
    ...(typeof texts['description'] === 'string' ? { description: texts['description'] } : {}),
    type,
    isList,
    ...(isList && typeof whole['maxItems'] === 'number' ? { most: whole['maxItems'] } : {}),
    required: isRequired,
    ...('default' in whole ? { default: whole['default'] } : {}),
    ...(typeof part[least!] === 'number' ? { minimum: part[least!] as number } : {}),
    ...(typeof part[most!] === 'number' ? { maximum: part[most!] as number } : {}),
    ...(options === undefined ? {} : { options }),
  };
}

/** With what its `$ref` leads to. */
function resolved(part: unknown, root: object): Keyed {
  if (!isKeyed(part)) return {};
  const target = typeof part['$ref'] === 'string' ? resolvePointer(root, part['$ref']) : undefined;
  return isKeyed(target) ? { ...target, ...part } : part;
}

const TYPES = new Set(['string', 'number', 'integer', 'boolean', 'object']);

function typeOf(part: Keyed): AttributeDefinition['type'] {
  if (part['writeOnly'] === true || part['format'] === 'password') return 'password';
  const own = part['type'];
  if (typeof own === 'string' && TYPES.has(own)) return own as AttributeDefinition['type'];
  const options = optionsOf(part) ?? [];
  const types = new Set(options.map(({ value }) => typeof value));
  const [only] = types;
  return types.size === 1 && TYPES.has(only!) ? (only as 'string' | 'number' | 'boolean') : 'any';
}

function optionsOf(part: Keyed): AttributeDefinition['options'] {
  const listed = Array.isArray(part['enum'])
    ? asList(part['enum']).map((value) => ({ value, label: String(value) }))
    : [];
  const forms = [...asList(part['anyOf']), ...asList(part['oneOf'])];
  const constants = forms.flatMap((form) => (isKeyed(form) && 'const' in form ? [form] : []));
  if (constants.length > 0 && constants.length === forms.length)
    listed.push(...constants.map((form) => ({ value: form['const'], label: String(form['title'] ?? form['const']) })));
  return listed.length > 0 ? listed : undefined;
}
