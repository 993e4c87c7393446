import { useId, useState } from 'preact/hooks';
import { described, Labelled, type Props, testid, useField } from './field.js';
import { fieldOf, type Schema, titleOf, variantOf, variantTitle } from './schema.js';
import { SecretField } from './secret-field.js';

/** A field for any schema, in the form's own looks. */
export function SchemaField({ path, schema, required = false }: Props) {
  const key = path.at(-1) ?? '';
  const field = fieldOf(key, schema);
  switch (field.kind) {
    case 'object':
      return <ObjectField path={path} schema={schema} />;
    case 'variants':
      return <VariantsField path={path} schema={schema} variants={field.variants} required={required} />;
    case 'secret':
      return <SecretField path={path} schema={schema} required={required} user={field.user} />;
    case 'choice':
      return <ChoiceField path={path} schema={schema} required={required} choices={field.choices} />;
    case 'boolean':
      return <BooleanField path={path} schema={schema} />;
    default:
      return <TextField path={path} schema={schema} required={required} kind={field.kind} />;
  }
}

function ObjectField({ path, schema }: Props) {
  const field = fieldOf(path.at(-1) ?? '', schema);
  if (field.kind !== 'object') return null;
  const fields = field.properties.map(([key, property]) => (
    <SchemaField
      key={key}
      path={[...path, key]}
      schema={property}
      required={field.required.has(key) && property.default === undefined}
    />
  ));
  if (path.length === 0) return <>{fields}</>;
  return (
    <fieldset>
      <legend>{titleOf(path.at(-1) ?? '', schema)}</legend>
      {schema.description && <p class="hint">{schema.description}</p>}
      <div class="grid">{fields}</div>
    </fieldset>
  );
}

function VariantsField({ path, schema, variants, required }: Props & { variants: Schema[] }) {
  const key = path.at(-1) ?? '';
  const { value, change } = useField(path);
  const [chosen, setChosen] = useState(() => variantOf(key, variants, value));
  const id = useId();
  const variant = variants[chosen] ?? variants[0]!;
  return (
    <fieldset>
      <legend>{titleOf(key, schema)}</legend>
      {schema.description && <p class="hint">{schema.description}</p>}
      <div class="field">
        <label for={id}>Kind</label>
        <select
          id={id}
          value={String(chosen)}
          data-testid={testid(path, 'kind')}
          onChange={(event) => {
            setChosen(Number(event.currentTarget.value));
            change(undefined);
          }}
        >
          {variants.map((one, index) => (
            <option key={index} value={String(index)}>
              {variantTitle(key, one)}
            </option>
          ))}
        </select>
      </div>
      {fieldOf(key, variant).kind === 'object' ? (
        <div class="grid">
          {Object.entries(variant.properties ?? {}).map(([name, property]) => (
            <SchemaField
              key={name}
              path={[...path, name]}
              schema={property}
              required={variant.required?.includes(name) === true && property.default === undefined}
            />
          ))}
        </div>
      ) : (
        <SchemaField path={path} schema={{ ...variant, title: 'Value' }} required={required ?? false} />
      )}
    </fieldset>
  );
}

function ChoiceField({ path, schema, required, choices }: Props & { choices: { value: unknown; label: string }[] }) {
  const { value, change, problem } = useField(path);
  const id = useId();
  const standard = choices.find((choice) => choice.value === schema.default);
  return (
    <Labelled path={path} schema={schema} required={required ?? false} id={id}>
      <select
        id={id}
        value={String(choices.findIndex((choice) => choice.value === value))}
        aria-describedby={described(id, schema, problem)}
        data-testid={testid(path)}
        onChange={(event) => change(choices[Number(event.currentTarget.value)]?.value)}
      >
        <option value="-1">{standard ? `Default (${standard.label})` : 'Not set'}</option>
        {choices.map((choice, index) => (
          <option key={index} value={String(index)}>
            {choice.label}
          </option>
        ))}
      </select>
    </Labelled>
  );
}

function BooleanField({ path, schema }: Props) {
  const { value, change } = useField(path);
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        checked={Boolean(value ?? schema.default)}
        data-testid={testid(path)}
        onChange={(event) => change(event.currentTarget.checked)}
      />
      <label for={id}>{titleOf(path.at(-1) ?? '', schema)}</label>
      {schema.description && <p class="hint">{schema.description}</p>}
    </div>
  );
}

/** Text as it is typed, and the value that it means. */
interface TextKind {
  read: (text: string) => unknown;
  write: (value: unknown) => string;
}

const TEXT_KINDS: Readonly<Record<string, TextKind>> = {
  text: { read: (text) => text, write: String },
  number: { read: Number, write: String },
  lines: {
    read: (text) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    write: (value) => (value as string[]).join('\n'),
  },
  json: { read: parseJson, write: (value) => JSON.stringify(value, null, 2) },
};

/** A default is what holds when nothing is typed; an example says that it is one. */
function placeholder(schema: Schema, write: TextKind['write']): string | undefined {
  if (schema.default !== undefined) return write(schema.default);
  return schema.examples?.[0] === undefined ? undefined : `e.g. ${write(schema.examples[0])}`;
}

/** What does not parse yet is kept as text: the node says what is wrong with it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (unfinished) {
    void unfinished;
    return text;
  }
}

function TextField({ path, schema, required, kind }: Props & { kind: 'text' | 'number' | 'lines' | 'json' }) {
  const { value, change, problem } = useField(path);
  const id = useId();
  const { read, write }: TextKind = TEXT_KINDS[kind]!;
  const [typed, setTyped] = useState(() => (value === undefined ? '' : write(value)));
  // A value set from elsewhere shows; what is being typed stays as it is typed.
  const shown = value === undefined ? '' : JSON.stringify(read(typed)) === JSON.stringify(value) ? typed : write(value);
  const attributes = {
    id,
    value: shown,
    required: required ?? false,
    placeholder: placeholder(schema, write),
    'aria-describedby': described(id, schema, problem),
    'aria-invalid': problem !== undefined,
    'data-testid': testid(path),
    onInput: (event: { currentTarget: { value: string } }) => {
      const text = event.currentTarget.value;
      setTyped(text);
      change(text === '' ? undefined : read(text));
    },
  };
  return (
    <Labelled path={path} schema={schema} required={required ?? false} id={id}>
      {kind === 'lines' || kind === 'json' ? (
        <textarea rows={3} {...attributes} />
      ) : kind === 'number' ? (
        <input
          type="number"
          autocomplete="off"
          min={schema.minimum}
          max={schema.maximum}
          step={schema.type === 'integer' ? 1 : 'any'}
          {...attributes}
        />
      ) : (
        <input type="text" autocomplete="off" spellcheck={false} {...attributes} />
      )}
    </Labelled>
  );
}
