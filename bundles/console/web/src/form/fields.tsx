import { createContext, type ComponentChildren } from 'preact';
import { useContext, useId, useState } from 'preact/hooks';
import { at, type Path } from './draft.js';
import { fieldOf, HIDDEN, isStored, type Schema, titleOf, variantOf, variantTitle } from './schema.js';

/** What fields share: the draft, how to change it, names of stored secrets, and what the node said is wrong where. */
export interface FormState {
  draft: unknown;
  set: (path: Path, value: unknown) => void;
  secrets: readonly string[];
  problems: ReadonlyMap<string, string>;
}

export const Form = createContext<FormState>({ draft: {}, set: () => undefined, secrets: [], problems: new Map() });

interface Props {
  path: Path;
  schema: Schema;
  required?: boolean;
}

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
      return <SecretField path={path} schema={schema} required={required} />;
    case 'choice':
      return <ChoiceField path={path} schema={schema} required={required} choices={field.choices} />;
    case 'boolean':
      return <BooleanField path={path} schema={schema} />;
    default:
      return <TextField path={path} schema={schema} required={required} kind={field.kind} />;
  }
}

function useField(path: Path) {
  const { draft, set, problems } = useContext(Form);
  return {
    value: at(draft, path),
    change: (value: unknown) => set(path, value),
    problem: problems.get(path.join('/')),
  };
}

function Labelled({ path, schema, required, id, children }: Props & { id: string; children: ComponentChildren }) {
  const { problem } = useField(path);
  return (
    <div class={problem ? 'field wrong' : 'field'}>
      <label for={id}>
        {titleOf(path.at(-1) ?? '', schema)}
        {required && <span class="required"> (required)</span>}
      </label>
      {children}
      {schema.description && (
        <p class="hint" id={`${id}-hint`}>
          {schema.description}
        </p>
      )}
      {problem && (
        <p class="wrong-text" id={`${id}-problem`}>
          <span aria-hidden="true">✖ </span>
          {problem}
        </p>
      )}
    </div>
  );
}

const described = (id: string, schema: Schema, problem: string | undefined) =>
  [schema.description && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ') || undefined;

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
  const example = schema.default ?? schema.examples?.[0];
  const attributes = {
    id,
    value: shown,
    required: required ?? false,
    placeholder: example === undefined ? (schema.format === 'duration' ? '10 s' : undefined) : write(example),
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

/** A stored secret by name, or one typed here, which is stored apart when the form is saved. */
function SecretField({ path, schema, required }: Props) {
  const { secrets } = useContext(Form);
  const { value, change, problem } = useField(path);
  const [typing, setTyping] = useState(typeof value === 'string' && value !== HIDDEN);
  const [hidden] = useState(value === HIDDEN);
  const id = useId();
  const mode = typing ? 'new' : isStored(value) ? `stored:${value.$secret}` : value === HIDDEN ? 'keep' : 'none';
  const names = new Set([...secrets, ...(isStored(value) ? [value.$secret] : [])]);
  return (
    <Labelled path={path} schema={schema} required={required ?? false} id={id}>
      <div class="secret">
        <select
          id={id}
          value={mode}
          aria-describedby={described(id, schema, problem)}
          data-testid={testid(path, 'source')}
          onChange={(event) => {
            const next = event.currentTarget.value;
            setTyping(next === 'new');
            if (next.startsWith('stored:')) change({ $secret: next.slice('stored:'.length) });
            else change(next === 'keep' ? HIDDEN : undefined);
          }}
        >
          <option value="none">None</option>
          {hidden && <option value="keep">As it stands in the file</option>}
          <option value="new">Type it</option>
          {[...names].map((name) => (
            <option key={name} value={`stored:${name}`}>
              Stored: {name}
            </option>
          ))}
        </select>
        {typing && (
          <input
            type="password"
            autocomplete="new-password"
            aria-label={`${titleOf(path.at(-1) ?? '', schema)}, value`}
            value={typeof value === 'string' ? value : ''}
            data-testid={testid(path)}
            onInput={(event) => change(event.currentTarget.value || undefined)}
          />
        )}
      </div>
      {typing && <p class="hint">Stored encrypted when saved; the configuration file only names it.</p>}
    </Labelled>
  );
}

const testid = (path: Path, more = '') => ['field', ...path, ...(more ? [more] : [])].join('-');
