import { type ReadonlySignal, useComputed } from '@preact/signals';
import { now } from '../clock.js';
import { METRIC_ORDER, metricText, metricView, NONE, partText } from '../format.js';
import { freshness, isUsable } from '../freshness.js';
import type { LiveValues } from '../live.js';
import type { DeviceDetail, ValueView } from '../node.js';
import { place, setQuery } from '../router.js';
import { POINT_TONES } from '../words.js';
import { Age, Badge, Search } from './basics.js';
import { orderOf, SortHeader, useStableOrder } from './sorting.js';

interface Row {
  path: string;
  label: string;
  values: Map<string, ReadonlySignal<ValueView>>;
}

interface Options {
  title: string;
  /** Names its search and order in the URL. */
  name: string;
  levels: readonly string[];
  device: DeviceDetail;
  live: LiveValues;
  searchable?: boolean;
}

/** Parts of some levels with a column for each metric that any of them has. */
export function PartsTable({ title, name, levels, device, live, searchable }: Options) {
  const order = orderOf(`${name}-sort`, 'part');
  const query = searchable ? (place.value.query.get(name) ?? '') : '';
  const rows = rowsOf(levels, device, live);
  const metrics = METRIC_ORDER.filter((metric) => rows.some((row) => row.values.has(metric)));
  const sorted = useStableOrder(
    rows.filter((row) =>
      `${partText(row.path)} ${row.label} ${stateOf(row)}`.toLowerCase().includes(query.toLowerCase()),
    ),
    order,
    (row) => row.path,
    sortValue,
  );
  if (rows.length === 0) return null;
  const labelled = rows.some((row) => row.label !== '');
  const header = { name: `${name}-sort`, order };
  return (
    <section aria-labelledby={`${name}-title`}>
      <div class="row">
        <h2 id={`${name}-title`}>
          {title} <span class="count">{rows.length}</span>
        </h2>
        {searchable && (
          <Search
            value={query}
            label={`Search ${title.toLowerCase()} …`}
            testid={`${name}-search`}
            onInput={(text) => setQuery({ [name]: text })}
          />
        )}
      </div>
      <div class="table-wrap">
        <table class="parts" data-testid={name}>
          <thead>
            <tr>
              <SortHeader {...header} column="part">
                {name === 'outlets' ? 'No.' : 'Part'}
              </SortHeader>
              {labelled && (
                <SortHeader {...header} column="label">
                  Label
                </SortHeader>
              )}
              {metrics.map((metric) => (
                <SortHeader key={metric} {...header} column={metric} numeric={!metric.startsWith('state.')}>
                  {[metricView(metric).short, metricView(metric).unit].filter(Boolean).join(' ')}
                </SortHeader>
              ))}
              <SortHeader {...header} column="age" numeric>
                Age
              </SortHeader>
              <SortHeader {...header} column="quality">
                Quality
              </SortHeader>
            </tr>
          </thead>
          <tbody>
            {sorted.map((row) => (
              <PartRow
                key={row.path}
                row={row}
                metrics={metrics}
                labelled={labelled}
                short={name === 'outlets'}
                interval={device.interval}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function PartRow({
  row,
  metrics,
  labelled,
  short,
  interval,
}: {
  row: Row;
  metrics: string[];
  labelled: boolean;
  short: boolean;
  interval: number;
}) {
  const values = [...row.values.values()].map((value) => value.value);
  const time = values.length === 0 ? null : Math.min(...values.map((value) => value.time));
  const troubles = [...new Set(values.filter((value) => value.quality !== 'good').map((value) => value.quality))];
  return (
    <tr data-testid="part-row" data-part={row.path}>
      <th scope="row">{short ? row.path.split('/').at(-1) : partText(row.path)}</th>
      {labelled && <td data-label="Label">{row.label || <span class="muted">{NONE}</span>}</td>}
      {metrics.map((metric) => (
        <Cell key={metric} metric={metric} value={row.values.get(metric)} interval={interval} />
      ))}
      <td class="number" data-label="Age">
        <Age time={time} interval={interval} />
      </td>
      <td data-label="Quality">
        {troubles.length === 0 ? <span class="muted">good</span> : <Badge tone="warn">{troubles.join(', ')}</Badge>}
      </td>
    </tr>
  );
}

function Cell({
  metric,
  value,
  interval,
}: {
  metric: string;
  value: ReadonlySignal<ValueView> | undefined;
  interval: number;
}) {
  const state = useComputed(() => (value ? freshness(value.value.time, interval, now.value) : 'fresh'));
  const { short, unit } = metricView(metric);
  const label = `${short} ${unit}`.trim();
  if (!value) return <td class="number none" data-label={label} />;
  const view = value.value;
  if (metric.startsWith('state.')) {
    return (
      <td data-label={label} class={state.value} data-metric={metric}>
        {view.state ? (
          <Badge tone={POINT_TONES[view.state] ?? 'idle'}>{view.state}</Badge>
        ) : (
          <span class="muted">{NONE}</span>
        )}
      </td>
    );
  }
  const chosen = place.value.query.get('point') === String(view.point);
  const shown = metricText(metric, view.value);
  return (
    <td class={`number ${isUsable(view) ? state.value : 'stale'}`} data-label={label} data-metric={metric}>
      <button
        type="button"
        class="value"
        aria-pressed={chosen}
        aria-label={`${shown} ${unit}, chart of ${label} of ${partText(view.part)}`}
        data-testid="value"
        data-point={view.point}
        onClick={() => setQuery({ point: chosen ? '' : String(view.point) }, true)}
      >
        {shown}
      </button>
    </td>
  );
}

function rowsOf(levels: readonly string[], device: DeviceDetail, live: LiveValues): Row[] {
  const parts = new Map<string, Row>();
  const row = (path: string) => {
    const known = parts.get(path) ?? { path, label: '', values: new Map<string, ReadonlySignal<ValueView>>() };
    parts.set(path, known);
    return known;
  };
  for (const value of live.all()) {
    if (levels.includes(value.level)) row(value.part).values.set(value.metric, live.point(value.point)!);
  }
  for (const { path, label } of device.parts) {
    const known = parts.get(path);
    if (known && label) known.label = label;
  }
  return [...parts.values()];
}

const stateOf = (row: Row) => [...row.values.values()].map((value) => value.peek().state ?? '').join(' ');

function sortValue(row: Row, column: string): string | number | null {
  if (column === 'part') return row.path;
  if (column === 'label') return row.label || null;
  const values = [...row.values.values()].map((value) => value.peek());
  if (column === 'age') return values.length === 0 ? null : -Math.min(...values.map((value) => value.time));
  if (column === 'quality') return values.every((value) => value.quality === 'good') ? 'good' : 'a';
  const value = row.values.get(column)?.peek();
  return value?.state ?? value?.value ?? null;
}
