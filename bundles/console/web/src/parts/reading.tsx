import { useEffect, useState } from 'preact/hooks';
import { call, get, sentence } from '../api.js';
import { metricText, metricView, NONE, partText, plural, timeText, zone } from '../format.js';
import type { ExplanationView, InspectionView } from '../node.js';
import { POINT_TONES } from '../words.js';
import { Badge, Notice } from './basics.js';

const EVERY = 10_000;

/** How a device of this node is read: its last polls, doubts about scales, and on request where each value comes from. */
export function Reading({ name }: { name: string }) {
  const [inspection, setInspection] = useState<InspectionView>();
  const [explanation, setExplanation] = useState<ExplanationView>();
  const [failed, setFailed] = useState<string>();
  const [busy, setBusy] = useState(false);
  const path = `/devices/${encodeURIComponent(name)}`;
  useEffect(() => {
    const read = async () => {
      try {
        setInspection(await get<InspectionView>(`${path}/inspection`));
      } catch (error) {
        setFailed(sentence(error));
      }
    };
    void read();
    const timer = setInterval(() => document.hidden || void read(), EVERY);
    return () => clearInterval(timer);
  }, [path]);
  const explain = async () => {
    setBusy(true);
    setFailed(undefined);
    try {
      setExplanation(await call<ExplanationView>('POST', `${path}/explanation`));
    } catch (error) {
      setFailed(sentence(error));
    }
    setBusy(false);
  };
  return (
    <section class="panel" aria-labelledby="reading-title" data-testid="reading">
      <div class="row">
        <h2 id="reading-title">How it is read</h2>
        <button type="button" class="end" disabled={busy} onClick={() => void explain()} data-testid="explain">
          {busy ? 'Reading …' : 'Explain each value'}
        </button>
      </div>
      {failed && <Notice tone="bad">{failed}</Notice>}
      {inspection?.suspicions.map(({ message }) => (
        <Notice key={message} tone="warn" testid="suspicion">
          Suspected scale error: {message}
        </Notice>
      ))}
      {explanation && <Explained explanation={explanation} />}
      {inspection && <LastPolls polls={inspection.polls} />}
    </section>
  );
}

function LastPolls({ polls }: Pick<InspectionView, 'polls'>) {
  if (polls.length === 0) return <p class="muted">It was not read yet.</p>;
  return (
    <div class="table-wrap">
      <table class="narrow" data-testid="polls">
        <caption>Last reads ({zone})</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col" class="number">
              Took
            </th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {polls.toReversed().map(({ time, duration, values, error }) => (
            <tr key={time}>
              <th scope="row">{timeText(time)}</th>
              <td class="number">{duration} ms</td>
              <td>{error ? error.message : plural(values ?? 0, 'value')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Explained({ explanation: { readings, cost, time, deviceUpTime } }: { explanation: ExplanationView }) {
  return (
    <>
      <p class="status">
        Read at {timeText(time)} ({zone}) in {Math.round(cost.milliseconds)} ms, {plural(cost.requests, 'request')}
        {deviceUpTime !== null && `; the device runs for ${upTimeText(deviceUpTime)}`}.
      </p>
      <div class="table-wrap scroll">
        <table class="narrow" data-testid="explanation">
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">Metric</th>
              <th scope="col" class="number">
                Value
              </th>
              <th scope="col">Quality</th>
              <th scope="col" class="number">
                Raw
              </th>
              <th scope="col" class="number">
                Factor
              </th>
              <th scope="col">Object</th>
              <th scope="col">Factor from</th>
            </tr>
          </thead>
          <tbody>
            {readings.map((reading) => (
              <tr key={`${reading.part} ${reading.metric}`}>
                <th scope="row">{partText(reading.part)}</th>
                <td>{metricView(reading.metric).name}</td>
                <td class="number">
                  {reading.state ? (
                    <Badge tone={POINT_TONES[reading.state] ?? 'idle'}>{reading.state}</Badge>
                  ) : (
                    `${metricText(reading.metric, reading.value)} ${metricView(reading.metric).unit}`
                  )}
                </td>
                <td>{reading.quality}</td>
                <td class="number">
                  <code>{reading.raw ?? NONE}</code>
                </td>
                <td class="number">{reading.scale === undefined ? NONE : Number(reading.scale.toPrecision(6))}</td>
                <td>
                  <code>{reading.source ?? NONE}</code>
                </td>
                <td>{reading.scaleSource === undefined ? NONE : <code>{reading.scaleSource}</code>}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const MINUTE = 60_000;

/** ms as days, hours and minutes. */
function upTimeText(upTime: number): string {
  const minutes = Math.floor(upTime / MINUTE);
  const days = Math.floor(minutes / 1440);
  const rest = `${Math.floor(minutes / 60) % 24} h ${minutes % 60} min`;
  return days === 0 ? rest : `${plural(days, 'day')} ${rest}`;
}
