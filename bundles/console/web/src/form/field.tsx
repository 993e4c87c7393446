import { createContext, type ComponentChildren } from 'preact';
import { useContext } from 'preact/hooks';
import { at, type Path } from './draft.js';
import { type Schema, titleOf } from './schema.js';

/** What fields share: the draft, how to change it, names of stored secrets, and what the node said is wrong where. */
export interface FormState {
  draft: unknown;
  set: (path: Path, value: unknown) => void;
  secrets: readonly string[];
  problems: ReadonlyMap<string, string>;
}

export const Form = createContext<FormState>({ draft: {}, set: () => undefined, secrets: [], problems: new Map() });

export interface Props {
  path: Path;
  schema: Schema;
  required?: boolean;
}

export function useField(path: Path) {
  const { draft, set, problems } = useContext(Form);
  return {
    value: at(draft, path),
    change: (value: unknown) => set(path, value),
    problem: problems.get(path.join('/')),
  };
}

export function Labelled({
  path,
  schema,
  required,
  id,
  children,
}: Props & { id: string; children: ComponentChildren }) {
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

export const described = (id: string, schema: Schema, problem: string | undefined) =>
  [schema.description && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ') || undefined;

export const testid = (path: Path, more = '') => ['field', ...path, ...(more ? [more] : [])].join('-');
