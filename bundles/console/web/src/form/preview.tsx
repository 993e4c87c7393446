import { metricText, metricView, NONE, partText, plural } from '../format.js';
import type { PreviewView } from '../node.js';
import { POINT_TONES } from '../words.js';
import { Badge } from '../parts/basics.js';

const FIRST = 12;

/** What a device said to one read with settings that are not saved yet. */
export function Preview({ preview }: { preview: PreviewView }) {
  const { device, readings, cost } = preview;
  const rows = readings.map((reading) => (
    <tr key={`${reading.part} ${reading.metric}`}>
      <th scope="row">
        {partText(reading.part)}
        {reading.label && <span class="sub">{reading.label}</span>}
      </th>
      <td>{metricView(reading.metric).name}</td>
      <td class="number">
        {reading.state ? (
          <Badge tone={POINT_TONES[reading.state] ?? 'idle'}>{reading.state}</Badge>
        ) : (
          `${metricText(reading.metric, reading.value)} ${metricView(reading.metric).unit}`
        )}
      </td>
      <td>{reading.quality === 'good' ? <span class="muted">good</span> : reading.quality}</td>
    </tr>
  ));
  const parts = new Set(readings.map((reading) => reading.part)).size;
  return (
    <section class="panel good" data-testid="preview" aria-labelledby="preview-title">
      <h2 id="preview-title">{[device.vendor, device.model].filter(Boolean).join(' ') || 'A device'} answers</h2>
      <dl class="facts-list">
        {(['serial', 'firmware', 'name', 'profile'] as const).map((key) => (
          <div key={key}>
            <dt>{key}</dt>
            <dd>{device[key] ?? NONE}</dd>
          </div>
        ))}
        <div>
          <dt>read</dt>
          <dd>
            {plural(readings.length, 'value')} of {plural(parts, 'part')} in {Math.round(cost.milliseconds)} ms,{' '}
            {plural(cost.requests, 'request')}
          </dd>
        </div>
      </dl>
      <div class="table-wrap">
        <table class="narrow" data-testid="preview-readings">
          <thead>
            <tr>
              <th scope="col">Part</th>
              <th scope="col">Metric</th>
              <th scope="col" class="number">
                Value
              </th>
              <th scope="col">Quality</th>
            </tr>
          </thead>
          <tbody>{rows.slice(0, FIRST)}</tbody>
        </table>
      </div>
      {rows.length > FIRST && (
        <details>
          <summary>{plural(rows.length - FIRST, 'further value')}</summary>
          <table class="narrow">
            <tbody>{rows.slice(FIRST)}</tbody>
          </table>
        </details>
      )}
    </section>
  );
}
