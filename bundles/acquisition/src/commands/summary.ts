import type { Plan } from './plan.js';
import { LOCATION_WORDS } from './words.js';

type Place = Partial<Record<(typeof LOCATION_WORDS)[number], string>>;

/** What is or would be done: devices by what becomes of them, and how the new ones hang in racks and on feeds. */
export function summaryOf(plan: Plan, dry: boolean): string {
  const { added, changed, unchanged } = plan;
  if (added.length + changed.length + unchanged.length === 0) return 'the file holds no devices\n';
  const parts = [
    ...(added.length > 0 || changed.length === 0
      ? [`${dry ? 'would add' : 'added'} ${count(added.length, 'device')}`]
      : []),
    ...(changed.length > 0 ? [`${dry ? 'would change' : 'changed'} ${changed.length}`] : []),
    ...(unchanged.length > 0 ? [`${unchanged.length} ${unchanged.length === 1 ? 'is' : 'are'} as they were`] : []),
  ];
  const lines = changed.map(
    ({ name, changes }) =>
      `  ${name}: ${changes.map(({ column, from, to }) => `${column} ${text(from)} -> ${text(to)}`).join(', ')}\n`,
  );
  return `${parts.join(', ')}\n${lines.join('')}${dry ? racksOf(added.map(({ words }) => words)) : ''}`;
}

function racksOf(places: readonly Place[]): string {
  const racks = Map.groupBy(
    places.filter(({ rack }) => rack !== undefined),
    ({ site, room, row, rack }) => JSON.stringify([site, room, row, rack]),
  );
  const feeds = Map.groupBy(racks.values(), (devices) => feedsOf(devices));
  const kinds = [...feeds].map(([names, some]) => `${some.length} with ${names}`).sort();
  const lines = racks.size === 0 ? [] : [`  ${count(racks.size, 'rack')}: ${kinds.join(', ')}\n`];
  const without = places.filter(({ rack }) => rack === undefined).length;
  return [...lines, ...(without > 0 ? [`  ${count(without, 'device')} without a rack\n`] : [])].join('');
}

function feedsOf(devices: readonly Place[]): string {
  const names = [...new Set(devices.map(({ feed = '(none)' }) => feed))].sort();
  if (devices.every(({ feed }) => feed === undefined)) return 'no feed named';
  return `${names.length === 1 ? 'feed' : 'feeds'} ${names.join(' and ')}`;
}

function text(value: unknown): string {
  if (value === undefined) return '(none)';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
