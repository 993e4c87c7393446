import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { call, editConfiguration, get, readConfiguration, schemaOf, sentence } from '../api.js';
import { devices, refresh } from '../fleet.js';
import { edits, type Path, typedSecrets, withAt } from '../form/draft.js';
import { Form } from '../form/field.js';
import { SchemaField } from '../form/fields.js';
import { Preview } from '../form/preview.js';
import { type Keyed, type Schema } from '../form/schema.js';
import type { ConfigurationProblem, PreviewView } from '../node.js';
import { Notice } from '../parts/basics.js';
import { go, href } from '../router.js';

const PID = 'rackwatt.device';
/** As the attribute takes it: the dash escaped, nothing before or after. */
const NAME = '[A-Za-z0-9][A-Za-z0-9._\\-]{0,63}';

interface Loaded {
  schema: Schema;
  original: Keyed | undefined;
  names: string[];
  revision: string;
  secrets: string[];
}

/** Adds a device, or changes the one called `name`: a form made of the schema that the device component declares. */
export function DeviceSettings({ name: existing }: { name?: string }) {
  const [loaded, setLoaded] = useState<Loaded>();
  const [name, setName] = useState(existing ?? '');
  const [draft, setDraft] = useState<unknown>({});
  const [busy, setBusy] = useState<'preview' | 'save'>();
  const [preview, setPreview] = useState<PreviewView>();
  const [failed, setFailed] = useState<{ title: string; text: string }>();
  const [problems, setProblems] = useState<ConfigurationProblem[]>([]);

  useEffect(() => {
    void load(existing).then(
      (found) => {
        setLoaded(found);
        setDraft(found.original ?? {});
      },
      (error: unknown) => setFailed({ title: 'The form cannot be shown.', text: sentence(error) }),
    );
  }, [existing]);

  if (!loaded) return failed ? <Notice tone="bad">{failed.text}</Notice> : <p class="loading">Reading the schema …</p>;
  const { schema, original, names, secrets } = loaded;
  const pid = `${PID}~${name}`;
  const set = (path: Path, value: unknown) => {
    setDraft((before: unknown) => withAt(before, path, value));
    setPreview(undefined);
  };

  const attempt = async (what: 'preview' | 'save', title: string, work: () => Promise<void>) => {
    setBusy(what);
    setFailed(undefined);
    try {
      await work();
    } catch (error) {
      setFailed({ title, text: sentence(error) });
    } finally {
      setBusy(undefined);
    }
  };

  const read = () =>
    attempt('preview', 'Nothing was read.', async () => {
      setPreview(undefined);
      const answer = await call<PreviewView>('POST', '/devices/preview', {
        ...(draft as Keyed),
        ...(original && { pid }),
      });
      setPreview(answer);
      if (name === '') setName(suggestion(answer, names));
      announce('The device answers.');
    });

  const save = () =>
    attempt('save', 'Nothing was saved.', async () => {
      setProblems([]);
      let value = draft;
      for (const secret of typedSecrets('', schema, draft)) {
        const key = [name, ...secret.path].join('.').replaceAll(/[^A-Za-z0-9._-]/g, '-');
        await call('PUT', `/secrets/${encodeURIComponent(key)}`, { value: secret.value });
        value = withAt(value, secret.path, { $secret: key });
      }
      const changes = original
        ? edits(original, value, ['configurations', pid])
        : [{ path: ['configurations', pid], value }];
      if (changes.length > 0) {
        const outcome = await editConfiguration(changes, loaded.revision);
        if (!outcome.applied) {
          setProblems(outcome.problems);
          announce('Nothing was saved.');
          return;
        }
      }
      announce(`${name} saved`);
      await refresh();
      const device = devices.value?.find((one) => one.pid === pid);
      go(device && original ? ['devices', device.id] : []);
    });

  const taken = !existing && names.includes(name);
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={href([])}>Power</a> <span aria-hidden="true">/</span> {existing ? 'Settings' : 'Add device'}
      </nav>
      <h1>{existing ? `Settings of ${existing}` : 'Add device'}</h1>
      <form
        class="settings"
        data-testid="device-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div class={taken ? 'field wrong' : 'field'}>
          <label for="name">
            Name <span class="required">(required)</span>
          </label>
          <input
            id="name"
            value={name}
            required
            readOnly={existing !== undefined}
            pattern={NAME}
            autocomplete="off"
            spellcheck={false}
            placeholder="rack1-a"
            data-testid="field-name"
            aria-describedby="name-hint"
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <p class="hint" id="name-hint">
            Letters, digits, dots, dashes and underscores. In the file: {PID}~{name || 'name'}
          </p>
          {taken && <p class="wrong-text">✖ There is a device of this name already.</p>}
        </div>
        <Form.Provider value={{ draft, set, secrets, problems: byField(problems, pid) }}>
          <SchemaField path={[]} schema={schema} />
        </Form.Provider>
        {problems.length > 0 && (
          <Notice tone="bad" testid="problems">
            <b>Nothing was saved.</b>
            <ul>
              {problems.map((problem) => (
                <li key={problem.pointer + problem.message}>{problem.message}</li>
              ))}
            </ul>
          </Notice>
        )}
        {failed && (
          <Notice tone="bad" testid="form-error">
            <b>{failed.title}</b> {failed.text}
          </Notice>
        )}
        <div class="row actions">
          <button type="button" disabled={busy !== undefined} onClick={() => void read()} data-testid="preview-button">
            {busy === 'preview' ? 'Reading …' : 'Preview'}
          </button>
          <button type="submit" class="primary" disabled={busy !== undefined || taken} data-testid="save-button">
            {busy === 'save' ? 'Saving …' : 'Save'}
          </button>
          <span class="muted">Preview reads the device once and changes nothing.</span>
        </div>
      </form>
      {preview && <Preview preview={preview} />}
    </>
  );
}

async function load(existing: string | undefined): Promise<Loaded> {
  const [declared, { document, revision }, { secrets }] = await Promise.all([
    schemaOf(PID),
    readConfiguration(),
    get<{ secrets: string[] }>('/secrets'),
  ]);
  if (!declared) throw new TypeError('This node reads no devices: no bundle on it declares what a device needs.');
  const all = document.configurations ?? {};
  const names = Object.keys(all)
    .filter((pid) => pid.startsWith(`${PID}~`))
    .map((pid) => pid.slice(PID.length + 1));
  const original = existing === undefined ? undefined : (all[`${PID}~${existing}`] as Keyed | undefined);
  if (existing !== undefined && !original)
    throw new TypeError(`There is no device "${existing}" in the configuration file.`);
  return { schema: declared.schema as Schema, original, names, revision, secrets };
}

/** A name out of what the device says of itself. */
function suggestion({ device }: PreviewView, names: readonly string[]): string {
  const text = device.name ?? [device.model, device.serial].filter(Boolean).join('-');
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[^a-z0-9]+|-+$/g, '')
    .slice(0, 60);
  return names.includes(name) ? `${name}-2` : name;
}

/** Problems by the field that they are about: `location/rack`. */
function byField(problems: readonly ConfigurationProblem[], pid: string): Map<string, string> {
  const base = `/configurations/${pid.replaceAll('~', '~0').replaceAll('/', '~1')}/`;
  return new Map(
    problems
      .filter(({ pointer }) => pointer.startsWith(base))
      .map(({ pointer, message }) => [pointer.slice(base.length).replaceAll('~1', '/').replaceAll('~0', '~'), message]),
  );
}
