import { type ReadonlySignal, useSignalEffect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import { get, sentence } from '../api.js';
import { decimal, metricText, metricView, partText, plural, timeText, zone } from '../format.js';
import type { LiveValues } from '../live.js';
import type { DeviceDetail, SeriesView, ValueView } from '../node.js';
import { place, setQuery } from '../router.js';
import { Notice } from './basics.js';
import type { Plot } from './plot.js';

const RANGES: Readonly<Record<string, number>> = {
  '15 min': 900_000,
  '1 h': 3_600_000,
  '6 h': 21_600_000,
  '24 h': 86_400_000,
};
const TABLE_ROWS = 30;

interface Columns {
  times: number[];
  values: (number | null)[];
}

/** One point over the last hour or so; goes on as new values come. */
export function Chart({ value, device }: { value: ReadonlySignal<ValueView>; device: DeviceDetail; live: LiveValues }) {
  const { point, part, metric } = value.peek();
  const { name, unit, digits, factor = 1 } = metricView(metric);
  const range = RANGES[place.value.query.get('range') ?? ''] ? place.value.query.get('range')! : '1 h';
  const span = RANGES[range]!;
  const host = useRef<HTMLDivElement>(null);
  const section = useRef<HTMLElement>(null);
  const plot = useRef<Plot | undefined>(undefined);
  const columns = useRef<Columns | undefined>(undefined);
  const [shown, setShown] = useState<Columns>({ times: [], values: [] });
  const [failed, setFailed] = useState<string>();

  // Values far below open it too.
  useEffect(() => section.current?.scrollIntoView({ block: 'nearest' }), []);

  useEffect(() => {
    let gone = false;
    columns.current = undefined;
    const begin = async () => {
      try {
        const to = value.peek().time;
        const [series, { Plot }] = await Promise.all([
          get<SeriesView>(`/series?point=${point}&from=${Math.floor(to - span)}&limit=2000`),
          import('./plot.js'),
        ]);
        if (gone || !host.current) return;
        columns.current = withHoles(series, factor, device.interval);
        plot.current = new Plot(host.current, { label: name, unit, digits, span });
        draw();
        setFailed(undefined);
      } catch (error) {
        setFailed(sentence(error));
      }
    };
    void begin();
    return () => {
      gone = true;
      plot.current?.close();
      plot.current = undefined;
    };
  }, [point, span]);

  useSignalEffect(() => {
    const { time, value: reading } = value.value;
    const known = columns.current;
    if (!known || time <= (known.times.at(-1) ?? 0)) return;
    known.times.push(time);
    known.values.push(reading === null ? null : reading * factor);
    while (known.times[0]! < time - span) {
      known.times.shift();
      known.values.shift();
    }
    draw();
  });

  function draw(): void {
    const known = columns.current;
    if (!known) return;
    plot.current?.draw(known.times, known.values);
    setShown({ times: known.times.slice(), values: known.values.slice() });
  }

  const numbers = shown.values.filter((one) => one !== null);
  const label = device.parts.find((one) => one.path === part)?.label;
  return (
    <section
      ref={section}
      class="panel"
      aria-labelledby="chart-title"
      data-testid="chart"
      data-readings={numbers.length}
    >
      <div class="row">
        <h2 id="chart-title">
          {name}, {partText(part)}
          {label && ` (${label})`}
        </h2>
        <span class="now figure">
          {metricText(metric, value.value.value)} <small>{unit}</small>
        </span>
        <span class="end row" role="group" aria-label="Time span">
          {Object.keys(RANGES).map((one) => (
            <button
              key={one}
              type="button"
              class="quiet"
              aria-pressed={one === range}
              onClick={() => setQuery({ range: one })}
            >
              {one}
            </button>
          ))}
          <button type="button" class="quiet" aria-label="Close the chart" onClick={() => setQuery({ point: '' })}>
            ✕
          </button>
        </span>
      </div>
      {failed && <Notice tone="bad">{failed}</Notice>}
      <div class="plot" ref={host} aria-hidden="true" />
      <p class="muted">
        {numbers.length === 0
          ? 'No readings in this time.'
          : `Least ${decimal(Math.min(...numbers), digits)}, greatest ${decimal(Math.max(...numbers), digits)} ${unit} of ${plural(numbers.length, 'reading')}. Times are ${zone}.`}
      </p>
      <details>
        <summary>Last readings as a table</summary>
        <table class="narrow">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col" class="number">
                {name} {unit}
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.times.slice(-TABLE_ROWS).map((time, index, times) => (
              <tr key={time}>
                <td>{timeText(time)}</td>
                <td class="number">
                  {decimal(shown.values[shown.values.length - times.length + index] ?? null, digits)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </details>
    </section>
  );
}

/** A read that is missing is a hole in the line, not a straight stroke across. */
function withHoles(series: SeriesView, factor: number, interval: number): Columns {
  const columns: Columns = { times: [], values: [] };
  const hole = series.reduced || interval <= 0 ? Number.POSITIVE_INFINITY : 3 * interval;
  for (const [index, time] of series.times.entries()) {
    const before = columns.times.at(-1);
    if (before !== undefined && time - before > hole) {
      columns.times.push(before + interval);
      columns.values.push(null);
    }
    const value = series.values[index] ?? null;
    columns.times.push(time);
    columns.values.push(value === null ? null : value * factor);
  }
  return columns;
}
