import { decimal, plural } from '../format.js';
import type { RackView } from '../node.js';

/** One rack: power at its inlets, how the feeds share it, and whether all PDUs count. */
export function RackCard({ rack, chosen, onChoose }: { rack: RackView; chosen: boolean; onChoose: () => void }) {
  const where = [rack.site, rack.room, rack.row].filter(Boolean).join(' · ');
  const feeds = Object.entries(rack.feeds).filter(([feed]) => feed !== '');
  const sum = feeds.reduce((total, [, kW]) => total + kW, 0);
  return (
    <button
      type="button"
      class="card"
      aria-pressed={chosen}
      onClick={onChoose}
      data-testid="rack-card"
      data-rack={rack.rack ?? ''}
    >
      <span class="title">
        {rack.rack ?? 'No rack'}
        <span class="where">{where}</span>
      </span>
      <span class="big figure" data-testid="rack-kw">
        {decimal(rack.kW, 2)}
        <small> kW</small>
      </span>
      {feeds.length > 0 && (
        <span class="feeds">
          <svg class="split" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
            {feeds.map(([feed, kW], index) => {
              const before = feeds.slice(0, index).reduce((total, [, other]) => total + other, 0);
              const x = sum > 0 ? (100 * before) / sum : (100 * index) / feeds.length;
              const width = sum > 0 ? (100 * kW) / sum : 100 / feeds.length;
              return (
                <rect
                  key={feed}
                  x={x + (index > 0 ? 0.7 : 0)}
                  width={Math.max(0, width - (index > 0 ? 0.7 : 0))}
                  height="4"
                  class={`feed${index % 4}`}
                />
              );
            })}
          </svg>
          <span class="split-words">
            {feeds.map(([feed, kW], index) => (
              <span key={feed}>
                <i class={`swatch feed${index % 4}`} aria-hidden="true" />
                {feed} <span class="figure">{decimal(kW, 2)}</span>
              </span>
            ))}
          </span>
        </span>
      )}
      <span class={rack.counted < rack.devices ? 'note warn' : 'note'}>
        {rack.counted < rack.devices && <span aria-hidden="true">▲ </span>}
        {rack.counted < rack.devices
          ? `${rack.counted} of ${plural(rack.devices, 'PDU')} counted`
          : plural(rack.devices, 'PDU')}
      </span>
    </button>
  );
}
