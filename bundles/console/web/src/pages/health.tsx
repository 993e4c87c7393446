import { useEffect, useState } from 'preact/hooks';
import { get, sentence } from '../api.js';
import { health } from '../fleet.js';
import { plural, timeText, zone } from '../format.js';
import type { BundleInfo, ComponentInfo } from '../node.js';
import { Badge, Fact, Notice } from '../parts/basics.js';
import { HEALTH_STATES, stateWord } from '../words.js';

export function HealthPage() {
  const [bundles, setBundles] = useState<BundleInfo[]>([]);
  const [components, setComponents] = useState<ComponentInfo[]>([]);
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    const read = async () => {
      try {
        const [b, c] = await Promise.all([
          get<{ bundles: BundleInfo[] }>('/bundles'),
          get<{ components: ComponentInfo[] }>('/components'),
        ]);
        setBundles(b.bundles);
        setComponents(c.components);
        setFailed(undefined);
      } catch (error) {
        setFailed(sentence(error));
      }
    };
    void read();
    const timer = setInterval(() => void read(), 5000);
    return () => clearInterval(timer);
  }, []);
  const view = health.value;
  const waiting = components.filter((one) => one.state !== 'active' && one.state !== 'satisfied');
  return (
    <>
      <h1>Health</h1>
      {failed && <Notice tone="bad">{failed}</Notice>}
      {view && (
        <dl class="facts-list">
          <Fact name="Node">{view.node.id}</Fact>
          <Fact name="Version">{view.node.version}</Fact>
          <Fact name="Running since">
            {timeText(Date.parse(view.node.started))} ({zone})
          </Fact>
          <Fact name="Process">{view.node.pid}</Fact>
          <Fact name="Folder">{view.node.home}</Fact>
        </dl>
      )}
      <h2>Checks</h2>
      <div class="table-wrap">
        <table data-testid="checks">
          <thead>
            <tr>
              <th scope="col">Check</th>
              <th scope="col">State</th>
              <th scope="col">Figures</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(view?.checks ?? {}).map(([name, check]) => {
              const { word, tone } = stateWord(HEALTH_STATES, check.state);
              return (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td data-label="State">
                    <Badge tone={tone}>{word}</Badge>
                    {check.detail && <span class="sub">{check.detail}</span>}
                  </td>
                  <td data-label="Figures" class="pairs">
                    {Object.entries(check.figures ?? {}).map(([key, value]) => (
                      <span key={key}>
                        <span class="muted">{key}</span> {value}
                      </span>
                    ))}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {waiting.length > 0 && (
        <>
          <h2>{plural(waiting.length, 'component')} not active</h2>
          <ul class="reasons">
            {waiting.map((one) => (
              <li key={`${one.name} ${one.pid ?? ''}`}>
                <b>{one.pid ?? one.name}</b> <span class="muted">{one.state}</span>
                <span class="sub">{one.reasons.join(' ')}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Bundles</h2>
      <div class="table-wrap">
        <table data-testid="bundles">
          <thead>
            <tr>
              <th scope="col">Bundle</th>
              <th scope="col">Version</th>
              <th scope="col">State</th>
              <th scope="col">From</th>
            </tr>
          </thead>
          <tbody>
            {bundles.map((bundle) => (
              <tr key={bundle.id}>
                <th scope="row">{bundle.name}</th>
                <td data-label="Version">{bundle.version}</td>
                <td data-label="State">
                  <Badge tone={bundle.state === 'ACTIVE' ? 'ok' : bundle.reason ? 'bad' : 'idle'}>
                    {bundle.state.toLowerCase()}
                  </Badge>
                  {bundle.reason && <span class="sub">{bundle.reason}</span>}
                </td>
                <td data-label="From" class="path">
                  {bundle.location}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
