import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { call, get, sentence } from '../api.js';
import { isRunning, start } from '../discovery.js';
import { Notice } from './basics.js';

const words = (text: string): string[] => text.split(/[\s,;]+/).filter(Boolean);

/** Where to look, and with which secrets. */
export function DiscoveryForm() {
  const [ranges, setRanges] = useState('');
  const [exclude, setExclude] = useState('');
  const [secrets, setSecrets] = useState<string[]>([]);
  const [chosen, setChosen] = useState<string[]>([]);
  const [standard, setStandard] = useState(true);
  const [failed, setFailed] = useState<string>();
  const [busy, setBusy] = useState(false);
  const readSecrets = async () => setSecrets((await get<{ secrets: string[] }>('/secrets')).secrets);
  useEffect(() => void readSecrets().catch((error: unknown) => setFailed(sentence(error))), []);

  const begin = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      await start({ ranges: words(ranges), exclude: words(exclude), secrets: chosen, standard });
      announce('The discovery began');
    } catch (error) {
      setFailed(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  const toggle = (name: string) =>
    setChosen(chosen.includes(name) ? chosen.filter((other) => other !== name) : [...chosen, name]);

  return (
    <form
      class="settings"
      data-testid="discovery-form"
      onSubmit={(event) => {
        event.preventDefault();
        void begin();
      }}
    >
      <div class="field">
        <label for="ranges">
          Networks and hosts <span class="required">(required)</span>
        </label>
        <textarea
          id="ranges"
          rows={3}
          required
          spellcheck={false}
          value={ranges}
          placeholder={'10.20.0.0/22\n10.30.0.10-50'}
          aria-describedby="ranges-hint"
          data-testid="discovery-ranges"
          onInput={(event) => setRanges(event.currentTarget.value)}
        />
        <p class="hint" id="ranges-hint">
          10.20.0.0/22, 10.30.0.10-50, 10.0.0.7, [2001:db8::7]; with :PORT behind it where it is not 161.
        </p>
      </div>
      <div class="field">
        <label for="exclude">Leave out</label>
        <textarea
          id="exclude"
          rows={3}
          spellcheck={false}
          value={exclude}
          data-testid="discovery-exclude"
          onInput={(event) => setExclude(event.currentTarget.value)}
        />
      </div>
      <fieldset>
        <legend>Credentials</legend>
        <p class="hint">Tried at each host in the order in which they are chosen.</p>
        {secrets.map((name) => (
          <p key={name}>
            <label>
              <input
                type="checkbox"
                checked={chosen.includes(name)}
                data-testid={`discovery-secret-${name}`}
                onClick={() => toggle(name)}
              />{' '}
              {name} {chosen.includes(name) && <span class="muted">{chosen.indexOf(name) + 1}</span>}
            </label>
          </p>
        ))}
        <p>
          <label>
            <input
              type="checkbox"
              checked={standard}
              data-testid="discovery-standard"
              onClick={() => setStandard(!standard)}
            />{' '}
            Community “public” <span class="muted">last</span>
          </label>
        </p>
        <NewSecret
          onStored={async (name) => {
            await readSecrets();
            setChosen([...chosen.filter((other) => other !== name), name]);
          }}
        />
      </fieldset>
      {failed && (
        <Notice tone="bad" testid="discovery-error">
          {failed}
        </Notice>
      )}
      <div class="row actions">
        <button
          type="submit"
          class="primary"
          disabled={busy || isRunning() || (chosen.length === 0 && !standard)}
          data-testid="discovery-start"
        >
          Look for devices
        </button>
        <span class="muted">Only asks; nothing is changed on any device.</span>
      </div>
    </form>
  );
}

/** A community that is kept as a secret; a user of SNMPv3 is kept as JSON. */
function NewSecret({ onStored }: { onStored: (name: string) => Promise<void> }) {
  const [name, setName] = useState('');
  const [value, setValue] = useState('');
  const [failed, setFailed] = useState<string>();
  const store = async () => {
    try {
      await call('PUT', `/secrets/${encodeURIComponent(name)}`, { value });
      await onStored(name);
      setName('');
      setValue('');
      setFailed(undefined);
    } catch (error) {
      setFailed(sentence(error));
    }
  };
  return (
    <details>
      <summary>Store another secret</summary>
      <div class="secret">
        <input
          aria-label="Name of the secret"
          placeholder="pdu-community"
          autocomplete="off"
          spellcheck={false}
          value={name}
          data-testid="new-secret-name"
          onInput={(event) => setName(event.currentTarget.value)}
        />
        <input
          type="password"
          aria-label="Community, or a user of SNMPv3 as JSON"
          placeholder="Community, or user as JSON"
          autocomplete="new-password"
          value={value}
          data-testid="new-secret-value"
          onInput={(event) => setValue(event.currentTarget.value)}
        />
        <button
          type="button"
          disabled={name === '' || value === ''}
          data-testid="new-secret-store"
          onClick={() => void store()}
        >
          Store
        </button>
      </div>
      {failed && <p class="wrong-text">✖ {failed}</p>}
    </details>
  );
}
