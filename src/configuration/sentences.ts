import type { TLocalizedValidationError } from 'typebox/error';
import { asList, isKeyed, resolvePointer } from './json.js';
import { nearest } from './nearest.js';
import { keysOf, placeOf, pointerOf } from './pointer.js';
import { SECRET_PLACE } from './secret-place.js';

/** One thing that is wrong, before it has a line and a column. */
export interface Mistake {
  /** A sentence; never holds the value itself, which may be secret. */
  message: string;
  pointer: string;
  /** Whether the key or its value is at fault. */
  part: 'key' | 'value';
}

type Failure = TLocalizedValidationError;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

const FORMATS: Readonly<Record<string, string>> = {
  duration: 'a duration such as "10 s"',
  size: 'a size such as "64 MB"',
  uri: 'a URL such as "https://host:443/path"',
  url: 'a URL such as "https://host:443/path"',
  hostname: 'a host name such as "pdu-1.example.com"',
  ipv4: 'an IPv4 address such as "192.0.2.7"',
  ipv6: 'an IPv6 address such as "2001:db8::7"',
  email: 'an e-mail address',
  date: 'a date such as "2026-02-28"',
  time: 'a time such as "13:37:00Z"',
  'date-time': 'a time such as "2026-02-28T13:37:00Z"',
  uuid: 'a UUID',
  regex: 'a regular expression',
};

/** What each keyword of JSON Schema asks for, to follow the name of the place. */
const RULES: { readonly [keyword: string]: (failure: Failure) => string } = {
  type: (f) => `must be ${anyOf(list(f, 'type').map((type) => TYPES[String(type)] ?? String(type)))}`,
  const: (f) => `must be ${JSON.stringify(parameter(f, 'allowedValue'))}`,
  enum: (f) => oneOf(list(f, 'allowedValues')),
  format: (f) =>
    `must be ${FORMATS[String(parameter(f, 'format'))] ?? `of the format ${String(parameter(f, 'format'))}`}`,
  minimum: (f) => `must be at least ${String(parameter(f, 'limit'))}`,
  maximum: (f) => `must be at most ${String(parameter(f, 'limit'))}`,
  exclusiveMinimum: (f) => `must be more than ${String(parameter(f, 'limit'))}`,
  exclusiveMaximum: (f) => `must be less than ${String(parameter(f, 'limit'))}`,
  multipleOf: (f) => `must be a multiple of ${String(parameter(f, 'multipleOf'))}`,
  minLength: (f) =>
    parameter(f, 'limit') === 1
      ? 'must not be empty'
      : `must have at least ${String(parameter(f, 'limit'))} characters`,
  maxLength: (f) => `must have at most ${String(parameter(f, 'limit'))} characters`,
  minItems: (f) => `must have at least ${counted(f, 'entry', 'entries')}`,
  maxItems: (f) => `must have at most ${counted(f, 'entry', 'entries')}`,
  minProperties: (f) => `must have at least ${counted(f, 'key', 'keys')}`,
  maxProperties: (f) => `must have at most ${counted(f, 'key', 'keys')}`,
  uniqueItems: () => 'must not have the same entry twice',
  contains: () => 'must have an entry that it lacks',
  boolean: () => 'is not allowed here',
  not: () => 'has a form that is not allowed here',
  oneOf: () => 'fits more than one of the allowed forms; make it fit one',
  '~refine': (f) => String(parameter(f, 'message')),
};

/** Puts what a validator found into sentences, one for each thing that a reader has to change. */
export function explain(schema: unknown, failures: readonly Failure[]): Mistake[] {
  const seen = new Set<string>();
  return explainAll(schema, failures).filter((mistake) => {
    const key = `${mistake.pointer} ${mistake.message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function explainAll(schema: unknown, failures: readonly Failure[]): Mistake[] {
  const choices = failures.filter(
    (failure) =>
      failure.keyword === 'anyOf' ||
      (failure.keyword === 'oneOf' && asList(parameter(failure, 'passingSchemas')).length === 0),
  );
  const outermost = choices.filter((choice) => !choices.some((other) => other !== choice && isInside(choice, other)));
  const loose = failures.filter(
    (failure) => !choices.includes(failure) && !outermost.some((choice) => isInside(failure, choice)),
  );
  return [
    ...loose.flatMap((failure) => explainOne(schema, failure, loose)),
    ...outermost.flatMap((choice) =>
      explainChoice(
        schema,
        choice,
        failures.filter((failure) => failure !== choice && isInside(failure, choice)),
      ),
    ),
  ];
}

function explainOne(schema: unknown, failure: Failure, all: readonly Failure[]): Mistake[] {
  const at = failure.instancePath;
  const place = placeOf(at);
  const say = (sentence: string): Mistake[] => [
    { message: place === '' ? `the whole ${sentence}` : `${place} ${sentence}`, pointer: at, part: 'value' },
  ];
  const parentSays = (keyword: string): boolean => failure.schemaPath.endsWith(`/${keyword}`);
  switch (failure.keyword) {
    case 'required':
      return list(failure, 'requiredProperties').map((key) => ({
        message: `${placeOf(at + pointerOf(String(key)))} is missing`,
        pointer: at,
        part: 'value',
      }));
    case 'additionalProperties':
    case 'unevaluatedProperties': {
      const closed = all.filter(
        (other) => other.keyword === 'boolean' && other.schemaPath === `${failure.schemaPath}/${failure.keyword}`,
      );
      return list(failure, failure.keyword)
        .map((key) => at + pointerOf(String(key)))
        .filter(
          (pointer) =>
            failure.keyword === 'unevaluatedProperties' || closed.some((other) => other.instancePath === pointer),
        )
        .map((pointer) => unknownKey(pointer, knownKeys(schema, failure.schemaPath)));
    }
    case 'boolean':
      return parentSays('additionalProperties') || parentSays('unevaluatedProperties')
        ? []
        : say(RULES['boolean']!(failure));
    case 'propertyNames':
      return [];
    case 'if':
      return all.some((other) => other !== failure && isInside(other, failure))
        ? []
        : say('does not fit the rest of the configuration');
    case 'dependentRequired':
    case 'dependencies':
      return [
        {
          message: `${placeOf(at + pointerOf(String(parameter(failure, 'property'))))} also needs ${list(failure, 'dependencies').map(String).join(', ')}`,
          pointer: at,
          part: 'value',
        },
      ];
    case 'pattern':
      return explainPattern(schema, failure, place);
    default:
      return say(RULES[failure.keyword]?.(failure) ?? failure.message);
  }
}

function explainPattern(schema: unknown, failure: Failure, place: string): Mistake[] {
  const rule = resolvePointer(schema, failure.schemaPath);
  const example = isKeyed(rule) ? asList(rule['examples'])[0] : undefined;
  const pattern = parameter(failure, 'pattern');
  const wanted =
    example === undefined
      ? `match ${pattern instanceof RegExp ? pattern.source : String(pattern)}`
      : `look like ${JSON.stringify(example)}`;
  if (!/\/propertyNames(\/|$)/.test(failure.schemaPath))
    return [{ message: `${place} must ${wanted}`, pointer: failure.instancePath, part: 'value' }];
  const keys = keysOf(failure.instancePath);
  return [
    {
      message: `the key ${JSON.stringify(keys.at(-1))} in ${placeOf(pointerOf(...keys.slice(0, -1))) || 'this object'} must ${wanted}`,
      pointer: failure.instancePath,
      part: 'key',
    },
  ];
}

/** Of several allowed forms, explains the one that was most likely meant. */
function explainChoice(schema: unknown, choice: Failure, inside: readonly Failure[]): Mistake[] {
  const forms = new Map<string, Failure[]>();
  for (const failure of inside) {
    const form = failure.schemaPath.slice(choice.schemaPath.length).split('/')[2]!;
    forms.set(form, [...(forms.get(form) ?? []), failure]);
  }
  const secret = [...forms].find(([, failures]) =>
    failures.some((failure) => parameter(failure, 'allowedValue') === SECRET_PLACE),
  );
  if (secret !== undefined) forms.delete(secret[0]);
  const candidates = [...forms.values()];
  if (candidates.length === 1) return explainAll(schema, candidates[0]!);
  const isHere = (failure: Failure): boolean => failure.instancePath === choice.instancePath;
  const fitting = candidates.filter(
    (failures) => !failures.some((failure) => isHere(failure) && ['type', 'const', 'enum'].includes(failure.keyword)),
  );
  if (fitting.length === 0)
    return [
      {
        message: `${placeOf(choice.instancePath)} ${wantedOf(candidates.map((failures) => failures.find(isHere)!))}`,
        pointer: choice.instancePath,
        part: 'value',
      },
    ];
  if (fitting.length === 1) return explainAll(schema, fitting[0]!);
  const fixed = fitting.map((failures) =>
    failures.find((failure) => failure.keyword === 'const' || failure.keyword === 'enum'),
  );
  const meant = fitting.filter((_, index) => fixed[index] === undefined);
  if (meant.length === 0 && new Set(fixed.map((failure) => failure!.instancePath)).size === 1) {
    const pointer = fixed[0]!.instancePath;
    return [{ message: `${placeOf(pointer)} ${wantedOf(fixed as Failure[])}`, pointer, part: 'value' }];
  }
  const closest = (meant.length > 0 ? meant : fitting).toSorted((a, b) => a.length - b.length)[0]!;
  return explainAll(schema, closest);
}

function wantedOf(failures: readonly Failure[]): string {
  const values = failures.flatMap((failure) =>
    failure.keyword === 'const'
      ? [parameter(failure, 'allowedValue')]
      : failure.keyword === 'enum'
        ? list(failure, 'allowedValues')
        : [],
  );
  const types = failures.flatMap((failure) =>
    failure.keyword === 'type' ? list(failure, 'type').map((type) => TYPES[String(type)] ?? String(type)) : [],
  );
  if (types.length === 0) return oneOf(values);
  return `must be ${anyOf([...new Set([...values.map((value) => JSON.stringify(value)), ...types])])}`;
}

/** Keys that are not in an open schema, yet look like a misspelling of one that is. */
export function suspectKeys(schema: unknown, value: unknown, pointer = ''): Mistake[] {
  if (!isKeyed(schema) || !isKeyed(value) || !isKeyed(schema['properties'])) return [];
  const properties = schema['properties'];
  const open = schema['additionalProperties'] === undefined && schema['patternProperties'] === undefined;
  return Object.entries(value).flatMap(([key, entry]) => {
    const at = pointer + pointerOf(key);
    if (Object.hasOwn(properties, key)) return suspectKeys(properties[key], entry, at);
    const meant = nearest(
      key,
      Object.keys(properties).filter((known) => !Object.hasOwn(value, known)),
    );
    return open && meant !== undefined ? [unknownKey(at, [meant])] : [];
  });
}

function unknownKey(pointer: string, known: readonly string[]): Mistake {
  const key = keysOf(pointer).at(-1)!;
  const meant = nearest(key, known);
  const hint =
    meant !== undefined
      ? `did you mean ${JSON.stringify(meant)}?`
      : known.length > 0 && known.length <= 12
        ? `known are ${known.join(', ')}`
        : '';
  return { message: `${placeOf(pointer)} is no known key${hint === '' ? '' : `; ${hint}`}`, pointer, part: 'key' };
}

function knownKeys(schema: unknown, schemaPath: string): string[] {
  const rule = resolvePointer(schema, schemaPath);
  const target = isKeyed(rule) && typeof rule['$ref'] === 'string' ? resolvePointer(schema, rule['$ref']) : rule;
  return isKeyed(target) && isKeyed(target['properties']) ? Object.keys(target['properties']) : [];
}

function isInside(inner: Failure, outer: Failure): boolean {
  const keyword = outer.keyword === 'if' ? String(parameter(outer, 'failingKeyword')) : outer.keyword;
  return (
    inner !== outer &&
    inner.schemaPath.startsWith(`${outer.schemaPath}/${keyword}`) &&
    (inner.instancePath === outer.instancePath || inner.instancePath.startsWith(`${outer.instancePath}/`))
  );
}

function parameter(failure: Failure, name: string): unknown {
  return (failure.params as Readonly<Record<string, unknown>>)[name];
}

function list(failure: Failure, name: string): readonly unknown[] {
  const value = parameter(failure, name);
  return Array.isArray(value) ? value : [value];
}

function counted(failure: Failure, one: string, many: string): string {
  const limit = parameter(failure, 'limit');
  return `${String(limit)} ${limit === 1 ? one : many}`;
}

function oneOf(values: readonly unknown[]): string {
  const written = values.map((value) => JSON.stringify(value));
  return written.length === 1 ? `must be ${written[0]}` : `must be one of ${written.join(', ')}`;
}

function anyOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
