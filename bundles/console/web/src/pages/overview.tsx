import { useEffect } from 'preact/hooks';
import { devices, takeInlets, totals } from '../fleet.js';
import { decimal, plural } from '../format.js';
import { LiveValues } from '../live.js';
import type { DeviceView, RackView } from '../node.js';
import { DeviceTable, nameOf } from '../parts/device-table.js';
import { Search } from '../parts/basics.js';
import { useGrowing } from '../parts/growing.js';
import { RackCard } from '../parts/rack-card.js';
import { href, place, setQuery } from '../router.js';

/** So that the PDUs of a hall are not below hundreds of racks. */
const FEW_RACKS = 20;

export function Overview() {
  useEffect(() => {
    const live = new LiveValues({ level: 'inlet', metric: 'power.active' }, () => takeInlets(live.all()));
    return () => {
      live.close();
      takeInlets([]);
    };
  }, []);
  const everyRack = place.value.query.get('racks') === 'all';
  const cards = useGrowing(everyRack ? totals.value.racks.length : FEW_RACKS);
  const all = devices.value;
  if (!all) return <p class="loading">Reading devices …</p>;
  if (all.length === 0) return <FirstDevice />;
  const query = place.value.query.get('q') ?? '';
  const rack = place.value.query.get('rack');
  const shown = all.filter((device) => matches(device, query) && (rack === null || rackKey(device.location) === rack));
  const { total, racks } = totals.value;
  const troubled = all.filter(
    ({ status: { state } }) => state !== 'ok' && state !== 'disabled' && state !== 'connecting',
  ).length;
  return (
    <>
      <h1 class="visually-hidden">Power overview</h1>
      <section class="figures" aria-label="Totals">
        <Figure
          label="Power now"
          value={decimal(total.kW, 2)}
          unit="kW"
          note={`at the inlets of ${total.counted} of ${plural(total.devices, 'PDU')}`}
        />
        <Figure
          label="PDUs"
          value={String(all.length)}
          note={troubled === 0 ? 'all answer' : `${troubled} in trouble`}
          warn={troubled > 0}
        />
        <Figure
          label="Racks"
          value={String(racks.filter((one) => one.rack !== null).length)}
          note={plural(new Set(all.map((device) => device.location.site).filter(Boolean)).size, 'site')}
        />
      </section>
      <section aria-labelledby="racks">
        <div class="row">
          <h2 id="racks">Racks</h2>
          {racks.length > FEW_RACKS && (
            <button
              type="button"
              class="quiet"
              aria-expanded={everyRack}
              data-testid="all-racks"
              onClick={() => setQuery({ racks: everyRack ? '' : 'all' })}
            >
              {everyRack ? 'Show fewer' : `Show all ${racks.length}`}
            </button>
          )}
        </div>
        <div class="cards" data-testid="racks">
          {racks.slice(0, cards).map((one) => (
            <RackCard
              key={rackKey(keyed(one))}
              rack={one}
              chosen={rackKey(keyed(one)) === rack}
              onChoose={() => setQuery({ rack: rackKey(keyed(one)) === rack ? '' : rackKey(keyed(one)) })}
            />
          ))}
        </div>
      </section>
      <section aria-labelledby="pdus">
        <div class="row">
          <h2 id="pdus">PDUs</h2>
          <Search
            value={query}
            label="Search name, model, rack …"
            testid="device-search"
            onInput={(q) => setQuery({ q })}
          />
          <span class="muted" data-testid="device-count">
            {shown.length === all.length ? plural(all.length, 'PDU') : `${shown.length} of ${all.length}`}
          </span>
          {rack !== null && (
            <button type="button" class="quiet" onClick={() => setQuery({ rack: '' })}>
              Show all racks
            </button>
          )}
          <a class="button end" href={href(['discover'])} data-testid="discover">
            Discover
          </a>
          <a class="button primary" href={href(['add'])} data-testid="add-device">
            Add device
          </a>
        </div>
        <DeviceTable devices={shown} />
        {shown.length === 0 && (
          <p class="empty">No PDU matches. Search looks at names, vendors, models, serials, places and states.</p>
        )}
      </section>
    </>
  );
}

function FirstDevice() {
  return (
    <section class="empty" data-testid="no-devices">
      <h1>No PDUs yet</h1>
      <p>Add the first one: its address is enough to see what it reads. Or look for those of a network.</p>
      <a class="button primary" href={href(['add'])} data-testid="add-device">
        Add device
      </a>{' '}
      <a class="button" href={href(['discover'])} data-testid="discover">
        Discover
      </a>
    </section>
  );
}

function Figure({
  label,
  value,
  unit,
  note,
  warn,
}: {
  label: string;
  value: string;
  unit?: string;
  note: string;
  warn?: boolean;
}) {
  return (
    <div class="tile">
      <span class="label">{label}</span>
      <span class="big figure">
        {value}
        {unit && <small> {unit}</small>}
      </span>
      <span class={warn ? 'note warn' : 'note'}>
        {warn && <span aria-hidden="true">▲ </span>}
        {note}
      </span>
    </div>
  );
}

/** A rack is known by its whole place: two rooms may both have an R1. */
const rackKey = ({ site, room, row, rack }: DeviceView['location']) =>
  [site, room, row, rack].map((part) => part ?? '').join('/');

const keyed = ({ site, room, row, rack }: RackView): DeviceView['location'] => ({
  ...(site !== null && { site }),
  ...(room !== null && { room }),
  ...(row !== null && { row }),
  ...(rack !== null && { rack }),
});

function matches(device: DeviceView, query: string): boolean {
  const { identity, location, status } = device;
  const text = [
    nameOf(device),
    device.device,
    device.gateway,
    ...Object.values(identity),
    ...Object.values(location),
    status.state,
  ]
    .join(' ')
    .toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
