import { useRef } from 'preact/hooks';
import { place, setQuery } from '../router.js';
import { compareText } from '../format.js';

export interface Order {
  column: string;
  down: boolean;
}

/** The order in the URL: `sort=kW` or `sort=-kW`, under a name for each table of a page. */
export function orderOf(name: string, fallback: string): Order {
  const text = place.value.query.get(name) ?? fallback;
  return text.startsWith('-') ? { column: text.slice(1), down: true } : { column: text, down: false };
}

/**
 * Sorts rows once for an order and a set of rows, by the values of that moment: rows do not jump while values change.
 */
export function useStableOrder<T>(
  rows: readonly T[],
  order: Order,
  id: (row: T) => string,
  value: (row: T, column: string) => string | number | null,
): T[] {
  const kept = useRef<{ key: string; ranks: Map<string, number> }>({ key: '', ranks: new Map() });
  const ids = rows.map(id);
  const key = JSON.stringify([order, [...ids].sort()]);
  if (kept.current.key !== key) {
    const sorted = rows
      .map((row, index) => ({ id: ids[index]!, value: value(row, order.column) }))
      .sort((a, b) => compare(a.value, b.value, order.down) || compareText(a.id, b.id));
    kept.current = { key, ranks: new Map(sorted.map((row, rank) => [row.id, rank])) };
  }
  const { ranks } = kept.current;
  return [...rows].sort((a, b) => (ranks.get(id(a)) ?? 0) - (ranks.get(id(b)) ?? 0));
}

/** What is not known stands last, whichever way. */
function compare(a: string | number | null, b: string | number | null, down: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const result = typeof a === 'number' && typeof b === 'number' ? a - b : compareText(String(a), String(b));
  return down ? -result : result;
}

export function SortHeader({
  name,
  column,
  order,
  numeric,
  children,
}: {
  name: string;
  column: string;
  order: Order;
  numeric?: boolean;
  children: string | string[];
}) {
  const mine = order.column === column;
  const arrow = mine ? (order.down ? '▼' : '▲') : '';
  return (
    <th
      scope="col"
      class={numeric ? 'number' : undefined}
      aria-sort={mine ? (order.down ? 'descending' : 'ascending') : 'none'}
    >
      <button
        type="button"
        class="sort"
        data-testid={`${name}-${column}`}
        onClick={() => setQuery({ [name]: mine && !order.down ? `-${column}` : column })}
      >
        {children}
        <span class="arrow" aria-hidden="true">
          {arrow}
        </span>
      </button>
    </th>
  );
}
