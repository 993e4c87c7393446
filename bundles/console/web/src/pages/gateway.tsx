import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { call, get, sentence } from '../api.js';
import { type ArtifactView, type GatewayDetail, onGateway } from '../center.js';
import { NONE, timeText } from '../format.js';
import { Badge, Fact, Notice } from '../parts/basics.js';
import { Progress } from '../parts/progress.js';
import { href } from '../router.js';
import { PHASES, stateWord } from '../words.js';
import { Presence, titleOf } from './gateways.js';

interface Difference {
  kind: 'bundle' | 'configuration';
  name: string;
  action: 'install' | 'update' | 'downgrade' | 'remove' | 'set' | 'keep' | 'leave';
  from?: string;
  to?: string;
}

interface Plan {
  differences: Difference[];
  /** What a person should know before it is sent. */
  warnings: string[];
}

const WORDS: Record<Difference['action'], string> = {
  install: 'is installed',
  update: 'is updated',
  downgrade: 'goes back',
  remove: 'is removed',
  set: 'is set',
  keep: 'stays',
  leave: 'stays, and is no longer looked after',
};

/** One gateway: what it runs, what it shall run, and how it gets there, as it happens. */
export function GatewayPage({ id }: { id: string }) {
  const [gateway, setGateway] = useState<GatewayDetail>();
  const [artifacts, setArtifacts] = useState<ArtifactView[]>([]);
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    const read = () =>
      Promise.all([
        get<GatewayDetail>(`/fleet/gateways/${encodeURIComponent(id)}`),
        get<{ artifacts: ArtifactView[] }>('/fleet/artifacts'),
      ]).then(
        ([detail, list]) => {
          setGateway(detail);
          setArtifacts(list.artifacts);
        },
        (error: unknown) => setFailed(sentence(error)),
      );
    void read();
    return onGateway((changed) => (changed.id === id || changed.name === id) && setGateway(changed));
  }, [id]);
  if (!gateway) return failed ? <Notice tone="bad">{failed}</Notice> : <p class="loading">Reading the gateway …</p>;
  const { serial, model, runtime, address, capabilities, desired, report, outcomes, state } = gateway;
  const troubles = Object.entries(report?.actual?.troubles ?? {});
  return (
    <>
      <nav class="crumbs" aria-label="Where">
        <a href={href(['gateways'])}>Gateways</a>
      </nav>
      <h1 data-testid="gateway-title">{titleOf(gateway)}</h1>
      <dl class="facts-list">
        <Fact name="Seen">
          <Presence gateway={gateway} />
        </Fact>
        <Fact name="Model">{model}</Fact>
        <Fact name="Serial number">{serial}</Fact>
        <Fact name="Address">{address}</Fact>
        <Fact name="Runtime">{runtime}</Fact>
        <Fact name="Allowed">{capabilities.join(', ')}</Fact>
      </dl>
      <section class="panel" aria-label="What it shall run">
        <h2>What it shall run</h2>
        <Progress desired={desired} />
        {desired.time !== null && (
          <p class="sub">
            {desired.reason || 'No reason was given'} · {desired.actor} · {timeText(desired.time)}
          </p>
        )}
        {state === 'active' && <Install gateway={gateway} artifacts={artifacts} onSet={setGateway} />}
      </section>
      {troubles.length > 0 && (
        <ul class="reasons" data-testid="troubles">
          {troubles.map(([name, text]) => (
            <li key={name}>
              <b>{name}</b> <span class="sub">{text}</span>
            </li>
          ))}
        </ul>
      )}
      <h2>What it runs</h2>
      {report?.actual ? (
        <Runs gateway={gateway} />
      ) : (
        <p class="muted">It does not say: its administrator has not allowed the center to monitor it.</p>
      )}
      {outcomes.length > 0 && (
        <>
          <h2>What became of it</h2>
          <div class="table-wrap">
            <table data-testid="outcomes">
              <thead>
                <tr>
                  <th scope="col">Time</th>
                  <th scope="col">Order</th>
                  <th scope="col">Outcome</th>
                </tr>
              </thead>
              <tbody>
                {outcomes.map(({ sequence, time, phase, detail }) => {
                  const { word, tone } = stateWord(PHASES, phase);
                  return (
                    <tr key={`${sequence} ${time} ${phase}`}>
                      <th scope="row">{timeText(time)}</th>
                      <td data-label="Order">{sequence}</td>
                      <td data-label="Outcome">
                        <Badge tone={tone}>{word}</Badge>
                        {detail && <span class="sub">{detail}</span>}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </div>
        </>
      )}
    </>
  );
}

function Runs({ gateway: { report, wanted } }: { gateway: GatewayDetail }) {
  return (
    <div class="table-wrap">
      <table data-testid="runs">
        <thead>
          <tr>
            <th scope="col">Bundle</th>
            <th scope="col">Runs</th>
            <th scope="col">Shall run</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {report!.actual!.bundles.map(({ name, version, state, reason }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td data-label="Runs">{version}</td>
              <td data-label="Shall run">
                {wanted.bundles[name] === null ? 'nothing' : (wanted.bundles[name]?.version ?? NONE)}
              </td>
              <td data-label="State">
                <Badge tone={state === 'ACTIVE' ? 'ok' : 'warn'}>{state.toLowerCase()}</Badge>
                {reason && <span class="sub">{reason}</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Picks an archive; what would come of it is shown before anything is sent. */
function Install({
  gateway,
  artifacts,
  onSet,
}: {
  gateway: GatewayDetail;
  artifacts: ArtifactView[];
  onSet: (gateway: GatewayDetail) => void;
}) {
  const [chosen, setChosen] = useState('');
  const [plan, setPlan] = useState<Plan>();
  const [failed, setFailed] = useState<string>();
  const [busy, setBusy] = useState(false);
  const path = `/fleet/gateways/${encodeURIComponent(gateway.id)}`;
  const artifact = artifacts.find(({ sha256 }) => sha256 === chosen);
  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setFailed(undefined);
    try {
      await work();
    } catch (error) {
      setFailed(sentence(error));
    } finally {
      setBusy(false);
    }
  };
  const send = (isTrial: boolean) =>
    call<Plan>('PUT', `${path}/desired`, {
      bundles: { [artifact!.name]: { sha256: artifact!.sha256 } },
      reason: `${artifact!.name} ${artifact!.version}`,
      isTrial,
    });
  if (artifacts.length === 0)
    return (
      <p class="hint">
        To install something, bring a signed archive: <code>rackwatt fleet install {titleOf(gateway)} FILE.tgz</code>
      </p>
    );
  return (
    <div>
      <div class="row">
        <label>
          Archive{' '}
          <select
            value={chosen}
            data-testid="artifact"
            onChange={(event) => {
              setChosen(event.currentTarget.value);
              setPlan(undefined);
            }}
          >
            <option value="">choose …</option>
            {artifacts.map(({ sha256, name, version }) => (
              <option key={sha256} value={sha256}>
                {name} {version}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          disabled={!artifact || busy}
          data-testid="preview"
          onClick={() => void attempt(async () => setPlan(await send(true)))}
        >
          What would change?
        </button>
        {gateway.orders.length > 1 && (
          <button
            type="button"
            class="quiet"
            disabled={busy}
            data-testid="roll-back"
            onClick={() =>
              void attempt(async () => {
                await call('POST', `${path}/rollback`, { reason: 'taken back on the page' });
                announce('It shall run what it ran before.');
                onSet(await get<GatewayDetail>(path));
              })
            }
          >
            Go back to the order before
          </button>
        )}
      </div>
      {plan && (
        <div data-testid="plan">
          <ul>
            {plan.differences.map(({ name, action, from, to }) => (
              <li key={name}>
                <b>{name}</b> {WORDS[action]}
                {action === 'update' || action === 'downgrade'
                  ? `: ${from} → ${to}`
                  : to && action === 'install'
                    ? `: ${to}`
                    : ''}
              </li>
            ))}
          </ul>
          {plan.warnings.map((warning) => (
            <Notice key={warning} tone="warn">
              {warning}
            </Notice>
          ))}
          <button
            type="button"
            class="primary"
            disabled={busy}
            data-testid="send"
            onClick={() =>
              void attempt(async () => {
                await send(false);
                announce('Sent to the gateway.');
                setPlan(undefined);
                setChosen('');
                onSet(await get<GatewayDetail>(path));
              })
            }
          >
            Send to the gateway
          </button>
        </div>
      )}
      {failed && (
        <Notice tone="bad" testid="install-refusal">
          {failed}
        </Notice>
      )}
    </div>
  );
}
