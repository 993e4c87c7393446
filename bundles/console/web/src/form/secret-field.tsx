import { useContext, useId, useState } from 'preact/hooks';
import { described, Form, Labelled, type Props, testid, useField } from './field.js';
import { HIDDEN, isKeyed, isStored, isTyped, titleOf } from './schema.js';

/** A user of SNMP v3 (RFC 3414, RFC 7860), as drivers take it in place of a community. */
const USER_FIELDS: readonly { key: string; title: string; secret?: boolean; choices?: readonly string[] }[] = [
  { key: 'user', title: 'User' },
  { key: 'authProtocol', title: 'Authentication', choices: ['md5', 'sha', 'sha224', 'sha256', 'sha384', 'sha512'] },
  { key: 'authKey', title: 'Authentication key', secret: true },
  { key: 'privProtocol', title: 'Privacy', choices: ['des', 'aes', 'aes256b', 'aes256r'] },
  { key: 'privKey', title: 'Privacy key', secret: true },
  { key: 'context', title: 'Context' },
];

/** A stored secret by name, or one typed here, which is stored apart when the form is saved. */
export function SecretField({ path, schema, required, user }: Props & { user: boolean }) {
  const { secrets } = useContext(Form);
  const { value, change, problem } = useField(path);
  const [typing, setTyping] = useState<'text' | 'user' | undefined>(
    isTyped(value) ? (isKeyed(value) ? 'user' : 'text') : undefined,
  );
  const [hidden] = useState(value === HIDDEN);
  const id = useId();
  const mode = typing ?? (isStored(value) ? `stored:${value.$secret}` : value === HIDDEN ? 'keep' : 'none');
  const names = new Set([...secrets, ...(isStored(value) ? [value.$secret] : [])]);
  const choose = (next: string) => {
    setTyping(next === 'text' || next === 'user' ? next : undefined);
    if (next.startsWith('stored:')) change({ $secret: next.slice('stored:'.length) });
    else change(next === 'keep' ? HIDDEN : undefined);
  };
  return (
    <Labelled path={path} schema={schema} required={required ?? false} id={id}>
      <div class="secret">
        <select
          id={id}
          value={mode}
          aria-describedby={described(id, schema, problem)}
          data-testid={testid(path, 'source')}
          onChange={(event) => choose(event.currentTarget.value)}
        >
          <option value="none">None</option>
          {hidden && <option value="keep">As it stands in the file</option>}
          <option value="text">{user ? 'Type a community or password' : 'Type it'}</option>
          {user && <option value="user">Type an SNMP v3 user</option>}
          {[...names].map((name) => (
            <option key={name} value={`stored:${name}`}>
              Stored: {name}
            </option>
          ))}
        </select>
        {typing === 'text' && (
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
      {typing === 'user' && <UserFields path={path} />}
      {typing && <p class="hint">Stored encrypted when saved; the configuration file only names it.</p>}
    </Labelled>
  );
}

function UserFields({ path }: { path: Props['path'] }) {
  const { set } = useContext(Form);
  const { value } = useField(path);
  const base = useId();
  return (
    <div class="grid user">
      {USER_FIELDS.map(({ key, title, secret, choices }) => {
        const id = `${base}-${key}`;
        const typed = isKeyed(value) ? value[key] : undefined;
        const common = {
          id,
          value: typeof typed === 'string' ? typed : '',
          'data-testid': testid([...path, key]),
          onInput: (event: { currentTarget: { value: string } }) =>
            set([...path, key], event.currentTarget.value || undefined),
        };
        return (
          <div class="field" key={key}>
            <label for={id}>{title}</label>
            {choices ? (
              <select {...common}>
                <option value="">None</option>
                {choices.map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            ) : secret ? (
              <input type="password" autocomplete="new-password" {...common} />
            ) : (
              <input type="text" autocomplete="off" spellcheck={false} {...common} />
            )}
          </div>
        );
      })}
    </div>
  );
}
