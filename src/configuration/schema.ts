import type { TLocalizedValidationError } from 'typebox/error';
import { errorMessage } from '../errors.js';
import { withDefaults } from './defaults.js';
import { isDuration } from './duration.js';
import { isKeyed } from './json.js';
import { isSize } from './size.js';
import { keysOf } from './pointer.js';
import { replaceReferences, type SecretReference } from './references.js';
import { SECRET_PLACE, allowingSecrets } from './secret-place.js';
import { explain, suspectKeys, type Mistake } from './sentences.js';

export interface Validation {
  /** A copy with the defaults of the schema; secrets stay references. */
  value: Record<string, unknown>;
  mistakes: Mistake[];
  /** Keys that are allowed but look misspelt. */
  warnings: Mistake[];
  secrets: SecretReference[];
}

type Check = (value: unknown) => TLocalizedValidationError[];

/** By the schema object, so that a bundle's schemas go when the bundle goes. */
const checks = new WeakMap<object, { plain?: Check; withSecrets?: { schema: object; check: Check } }>();

type Compile = (schema: object) => Check;
let loading: Promise<Compile> | undefined;

const MAX_MISTAKES = 200;

/** For the container: `<reference>.target` overrides the filter of a reference, `<reference>.cardinality.minimum` asks for more. */
const FOR_REFERENCES: readonly [key: RegExp, type: string][] = [
  [/\.target$/, 'string'],
  [/\.cardinality\.minimum$/, 'number'],
];

/**
 * Validates the configuration of a PID against its JSON Schema and fills in defaults. `{"$secret": "name"}` is valid
 * wherever the schema wants a value.
 */
export async function validate(schema: object, configuration: Readonly<Record<string, unknown>>): Promise<Validation> {
  return (await loadValidation())(schema, configuration);
}

/** Typebox is loaded when the first schema is; from then on validating needs no waiting. */
export async function loadValidation(): Promise<
  (schema: object, configuration: Readonly<Record<string, unknown>>) => Validation
> {
  const compile = await (loading ??= loadCompiler());
  return (schema, configuration) => validateWith(compile, schema, configuration);
}

/** Validates a value that can hold no secrets. */
export async function mistakesOf(schema: object, value: unknown): Promise<Mistake[]> {
  const compile = await (loading ??= loadCompiler());
  return explain(schema, checkOf(compile, schema, false).check(value));
}

function validateWith(compile: Compile, schema: object, configuration: Readonly<Record<string, unknown>>): Validation {
  if (Object.hasOwn(configuration, '$secret')) {
    const mistake: Mistake = {
      message: 'a configuration as a whole cannot be a secret; put the secret in one of its keys',
      pointer: '',
      part: 'value',
    };
    return { value: {}, mistakes: [mistake], warnings: [], secrets: [] };
  }
  const declared = isKeyed(schema) && isKeyed(schema['properties']) ? schema['properties'] : {};
  const forContainer = Object.entries(configuration).filter(
    ([key, value]) =>
      !Object.hasOwn(declared, key) && FOR_REFERENCES.some(([form, type]) => form.test(key) && typeof value === type),
  );
  const own = Object.fromEntries(
    Object.entries(configuration).filter(([key]) => !forContainer.some(([target]) => target === key)),
  );
  const masked = replaceReferences(own, () => SECRET_PLACE);
  const filled = withDefaults(schema, masked.value);
  const hasSecrets = masked.references.length + masked.mistakes.length > 0;
  let mistakes: Mistake[];
  try {
    const compiled = checkOf(compile, schema, hasSecrets);
    mistakes = explain(compiled.schema, compiled.check(filled));
  } catch (error) {
    mistakes = [{ message: `its schema cannot be used: ${errorMessage(error)}`, pointer: '', part: 'value' }];
  }
  mistakes.push(
    ...masked.mistakes.map(
      ({ pointer, message }): Mistake => ({
        pointer,
        message: `${keysOf(pointer).join('.') || 'a secret'} ${message}`,
        part: 'value',
      }),
    ),
  );
  return {
    value: { ...restored(filled, masked.references), ...Object.fromEntries(forContainer) },
    mistakes,
    warnings: suspectKeys(schema, masked.value),
    secrets: masked.references,
  };
}

function restored(value: unknown, references: readonly SecretReference[]): Record<string, unknown> {
  for (const { pointer, name } of references) {
    const keys = keysOf(pointer);
    const parent = keys
      .slice(0, -1)
      .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], value) as Record<string, unknown>;
    parent[keys.at(-1)!] = { $secret: name };
  }
  return value as Record<string, unknown>;
}

function checkOf(compile: Compile, schema: object, withSecrets: boolean): { schema: object; check: Check } {
  const known = checks.get(schema) ?? {};
  checks.set(schema, known);
  if (!withSecrets) return { schema, check: (known.plain ??= compile(schema)) };
  if (known.withSecrets === undefined) {
    const widened = allowingSecrets(schema) as object;
    known.withSecrets = { schema: widened, check: compile(widened) };
  }
  return known.withSecrets;
}

async function loadCompiler(): Promise<Compile> {
  const [{ Compile }, { default: Format }, { Settings }] = await Promise.all([
    import('typebox/schema'),
    import('typebox/format'),
    import('typebox/system'),
  ]);
  Format.Set('duration', isDuration);
  Format.Set('size', isSize);
  return (schema) => {
    const validator = Compile(schema);
    return (value) => {
      if (validator.Check(value)) return [];
      const before = Settings.Get().maxErrors;
      Settings.Set({ maxErrors: MAX_MISTAKES });
      try {
        return validator.Errors(value)[1];
      } finally {
        Settings.Set({ maxErrors: before });
      }
    };
  };
}
