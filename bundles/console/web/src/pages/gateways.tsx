import { useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { call, sentence } from '../api.js';
import { type EnrolmentView, enrolments, type GatewayView, gateways, isCenter, readCenter } from '../center.js';
import { now } from '../clock.js';
import { ageText, NONE, plural, timeText } from '../format.js';
import { Badge, Fact, Notice } from '../parts/basics.js';
import { Progress } from '../parts/progress.js';
import { href } from '../router.js';
import { HEALTH_STATES, stateWord } from '../words.js';

/** The gateways of this center, and those that want to be. */
export function GatewaysPage() {
  if (isCenter.value === false)
    return (
      <Notice tone="info">
        This node is no administration center. Install the bundle admin-center to make it one.
      </Notice>
    );
  const list = gateways.value?.toSorted((a, b) => titleOf(a).localeCompare(titleOf(b)));
  return (
    <>
      <h1>Gateways</h1>
      {enrolments.value.length > 0 && (
        <section aria-label="Waiting for approval" data-testid="enrolments">
          <h2>{plural(enrolments.value.length, 'gateway')} waiting for approval</h2>
          <div class="cards">
            {enrolments.value.map((enrolment) => (
              <Approval key={enrolment.id} enrolment={enrolment} />
            ))}
          </div>
        </section>
      )}
      {list?.length === 0 && (
        <Notice tone="info">
          No gateway is enrolled yet. At a gateway, its administrator runs <code>rackwatt remote-admin enable</code>{' '}
          with the address of this center and its fingerprint, which <code>rackwatt fleet authority</code> shows.
        </Notice>
      )}
      {list && list.length > 0 && (
        <div class="table-wrap">
          <table data-testid="gateways">
            <thead>
              <tr>
                <th scope="col">Gateway</th>
                <th scope="col">Seen</th>
                <th scope="col">Health</th>
                <th scope="col">What it shall run</th>
                <th scope="col">Allowed</th>
              </tr>
            </thead>
            <tbody>
              {list.map((gateway) => (
                <Row key={gateway.id} gateway={gateway} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

export const titleOf = ({ name, serial, id }: GatewayView): string => name ?? (serial === '' ? id : serial);

function Row({ gateway }: { gateway: GatewayView }) {
  const { id, serial, model, state, health, capabilities, desired } = gateway;
  const { word, tone } = stateWord(HEALTH_STATES, health ?? '');
  return (
    <tr data-testid={`gateway-${id}`}>
      <th scope="row">
        <a href={href(['gateways', id])}>{titleOf(gateway)}</a>
        <span class="sub">{[model, serial].filter(Boolean).join(' · ')}</span>
      </th>
      <td data-label="Seen">
        <Presence gateway={gateway} />
      </td>
      <td data-label="Health">{state === 'revoked' ? NONE : health ? <Badge tone={tone}>{word}</Badge> : NONE}</td>
      <td data-label="What it shall run">
        <Progress desired={desired} />
      </td>
      <td data-label="Allowed">{capabilities.join(', ') || NONE}</td>
    </tr>
  );
}

export function Presence({ gateway: { state, isOnline, seen } }: { gateway: GatewayView }) {
  if (state === 'revoked') return <Badge tone="idle">Revoked</Badge>;
  return (
    <>
      <Badge tone={isOnline ? 'ok' : 'warn'}>{isOnline ? 'Online' : 'Away'}</Badge>
      {seen !== null && !isOnline && (
        <span class="sub" title={timeText(seen)}>
          since {ageText(now.value - seen)}
        </span>
      )}
    </>
  );
}

/** Somebody compares what the gateway shows with what is here, and types its code. */
function Approval({ enrolment }: { enrolment: EnrolmentView }) {
  const { id, serial, model, runtime, shown, address, created, sameSerial } = enrolment;
  const [code, setCode] = useState('');
  const [name, setName] = useState('');
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<string>();
  const decide = async (what: 'approval' | 'denial', body: object, said: string) => {
    setBusy(true);
    setFailed(undefined);
    try {
      await call('POST', `/fleet/enrolments/${encodeURIComponent(id)}/${what}`, body);
      announce(said);
      await readCenter();
    } catch (error) {
      setFailed(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      class="panel enrolment"
      data-testid="enrolment"
      aria-label={`Gateway ${serial}`}
      onSubmit={(event) => {
        event.preventDefault();
        void decide('approval', { code, ...(name === '' ? {} : { name }) }, `${name || serial} approved`);
      }}
    >
      <dl class="facts-list">
        <Fact name="Serial number">{serial}</Fact>
        <Fact name="Model">{model}</Fact>
        <Fact name="Address">{address}</Fact>
        <Fact name="Runtime">{runtime}</Fact>
        <Fact name="Key">
          <code data-testid="fingerprint">{shown}</code>
        </Fact>
        <Fact name="Asked">{ageText(now.value - created)} ago</Fact>
      </dl>
      {sameSerial.length > 0 && (
        <Notice tone="warn" testid="same-serial">
          {plural(sameSerial.length, 'gateway')} with this serial number {sameSerial.length > 1 ? 'are' : 'is'} enrolled
          already. Approve only if the machine was set up anew.
        </Notice>
      )}
      <p class="hint">Compare the key with the one that the gateway shows, and type the code that it shows.</p>
      <label>
        Code{' '}
        <input
          value={code}
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="7KQ2M-X0PDW"
          data-testid="claim-code"
          onInput={(event) => setCode(event.currentTarget.value)}
        />
      </label>
      <label>
        Name{' '}
        <input
          value={name}
          autocomplete="off"
          placeholder="optional, such as fra1-hall2"
          data-testid="gateway-name"
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      {failed && (
        <Notice tone="bad" testid="refusal">
          {failed}
        </Notice>
      )}
      <div class="row">
        <button type="submit" class="primary" disabled={busy || code === ''} data-testid="approve">
          Approve
        </button>
        <button
          type="button"
          disabled={busy}
          data-testid="deny"
          onClick={() => void decide('denial', {}, `${serial} denied`)}
        >
          Deny
        </button>
      </div>
    </form>
  );
}
