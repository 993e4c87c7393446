import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { call, get, sentence } from '../api.js';
import { heard } from '../clock.js';
import { timeText } from '../format.js';
import { Badge, Fact, Notice } from '../parts/basics.js';
import { CONSENT_STATES, PHASES, stateWord } from '../words.js';

interface Status {
  state: string;
  capabilities: string[];
  center?: string;
  claimCode?: string;
  key?: string;
  gateway?: string;
  tenant?: string;
  lastContact?: string;
  desired?: { sequence: number; phase: string; detail?: string };
  trouble?: { message: string };
  audit?: string;
}

interface View {
  time: number;
  status: Status;
  log: { number: number; time: string; actor: string; action: string; detail: string }[];
}

const CAPABILITIES = [
  { name: 'monitor', text: 'See what runs here, and how it is' },
  { name: 'configure', text: 'Change configurations' },
  { name: 'update', text: 'Install, update and remove bundles' },
];
const EVERY = 2_000;

/** What the administrator at this gateway lets a center do, and what it did. */
export function RemotePage() {
  const [view, setView] = useState<View>();
  const [failed, setFailed] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [center, setCenter] = useState('');
  const [fingerprint, setFingerprint] = useState('');
  const read = async () => {
    const next = await get<View>('/remote-admin');
    heard(next.time);
    setView(next);
  };
  useEffect(() => {
    const look = () => void (document.hidden || read().catch((error: unknown) => setFailed(sentence(error))));
    look();
    const timer = setInterval(look, EVERY);
    return () => clearInterval(timer);
  }, []);
  if (!view) return failed ? <Notice tone="bad">{failed}</Notice> : <p class="loading">Asking the agent …</p>;

  const change = async (path: 'grants' | 'withdrawals', body: object, said: string) => {
    setBusy(true);
    setFailed(undefined);
    try {
      await call('POST', `/remote-admin/${path}`, body);
      announce(said);
      await read();
    } catch (error) {
      setFailed(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  const { status, log } = view;
  const { word, tone } = stateWord(CONSENT_STATES, status.state);
  const knowsCenter = status.center !== undefined;
  const toggle = (name: string, isGranted: boolean) =>
    isGranted
      ? change('withdrawals', { capabilities: [name] }, `${name} taken back`)
      : change(
          'grants',
          { capabilities: [name], ...(knowsCenter ? {} : { center: center.trim(), fingerprint: fingerprint.trim() }) },
          `${name} granted`,
        );
  return (
    <>
      <h1>Remote administration</h1>
      <dl class="facts-list">
        <Fact name="State">
          <span data-testid="consent-state" data-state={status.state}>
            <Badge tone={tone}>{word}</Badge>
          </span>
        </Fact>
        <Fact name="Center">{status.center}</Fact>
        <Fact name="Known there as">{status.gateway}</Fact>
        <Fact name="Last contact">{status.lastContact && timeText(Date.parse(status.lastContact))}</Fact>
      </dl>
      {status.trouble && <Notice tone="warn">{status.trouble.message}</Notice>}
      {status.audit && <Notice tone="bad">{status.audit}</Notice>}
      {failed && (
        <Notice tone="bad" testid="consent-refusal">
          {failed}
        </Notice>
      )}
      {status.claimCode && (
        <section class="panel" aria-label="Approval" data-testid="claim">
          <h2>Somebody at the center has to approve</h2>
          <p>Tell them this code, and compare the key: it must be the same there.</p>
          <p>
            <b class="big" data-testid="shown-claim-code">
              {status.claimCode}
            </b>
          </p>
          <p>
            Key <code data-testid="shown-key">{status.key}</code>
          </p>
        </section>
      )}
      <section class="panel" aria-label="What the center may do">
        <h2>What the center may do</h2>
        {!knowsCenter && (
          <div class="enrolment">
            <p class="hint">The administrator of the center tells you both, by another way than this network.</p>
            <label>
              Address of the center{' '}
              <input
                value={center}
                placeholder="https://center.example:8443"
                data-testid="center-url"
                onInput={(event) => setCenter(event.currentTarget.value)}
              />
            </label>
            <label>
              Fingerprint of its root{' '}
              <input
                value={fingerprint}
                autocomplete="off"
                spellcheck={false}
                placeholder="64 hex digits"
                data-testid="center-fingerprint"
                onInput={(event) => setFingerprint(event.currentTarget.value)}
              />
            </label>
          </div>
        )}
        {CAPABILITIES.map(({ name, text }) => {
          const isGranted = status.capabilities.includes(name);
          return (
            <p key={name}>
              <label>
                <input
                  type="checkbox"
                  checked={isGranted}
                  disabled={busy || (!knowsCenter && (center === '' || fingerprint === ''))}
                  data-testid={`grant-${name}`}
                  onClick={(event) => {
                    // It is checked when the agent says so.
                    event.preventDefault();
                    void toggle(name, isGranted);
                  }}
                />{' '}
                {text} <span class="muted">{name}</span>
              </label>
            </p>
          );
        })}
        <button
          type="button"
          class="danger"
          disabled={busy || status.capabilities.length === 0}
          data-testid="end-everything"
          onClick={() => void change('withdrawals', { capabilities: [] }, 'Remote administration is off')}
        >
          End everything now
        </button>
      </section>
      {status.desired && (
        <section aria-label="The last order">
          <h2>The last order</h2>
          <Badge tone={stateWord(PHASES, status.desired.phase).tone}>
            {stateWord(PHASES, status.desired.phase).word}
          </Badge>
          {status.desired.detail && <span class="sub">{status.desired.detail}</span>}
        </section>
      )}
      <h2>Who did what</h2>
      <div class="table-wrap">
        <table data-testid="consent-log">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Who</th>
              <th scope="col">What</th>
            </tr>
          </thead>
          <tbody>
            {log.map(({ number, time, actor, action, detail }) => (
              <tr key={number}>
                <th scope="row">{timeText(Date.parse(time))}</th>
                <td data-label="Who">{actor}</td>
                <td data-label="What">
                  {action} <span class="sub">{detail}</span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
