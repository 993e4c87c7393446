import { normalAddress } from '@rackwatt/telemetry';
import type { ConfigurationEdit } from 'rackwatt';
import { pathOf, record } from './configured.js';
import { configurationOf, type DeviceWords, placeOf } from './words.js';

export interface ImportProblem {
  /** Of the file, from 1. */
  line: number;
  /** As the first line names it; absent where the line as a whole is meant. */
  column?: string;
  message: string;
}

/** A line of the file. */
export interface Listed {
  name: string;
  words: DeviceWords;
  line: number;
  /** Line of each cell by column. */
  lines: ReadonlyMap<string, number>;
}

export interface Plan {
  added: { name: string; words: DeviceWords }[];
  changed: { name: string; changes: { column: string; from: unknown; to: unknown }[] }[];
  unchanged: string[];
  edits: ConfigurationEdit[];
}

type Devices = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

/** What is to be done; what stands in the way of it is added to `problems`. */
export function planOf(devices: readonly Listed[], there: Devices, update: boolean, problems: ImportProblem[]): Plan {
  const plan: Plan = { added: [], changed: [], unchanged: [], edits: [] };
  const lineOf = new Map<string, number>();
  // Where each device is in the end: two that swap their addresses are right.
  const places = new Map([...there].map(([name, configured]) => [name, placeOf(configured)]));
  for (const { name, words, line, lines } of devices) {
    const column = { line: lines.get('name') ?? line, column: 'name' };
    const before = lineOf.get(name);
    if (name !== '' && before !== undefined) {
      problems.push({ ...column, message: `"${name}" stands in line ${before} already.` });
      continue;
    }
    lineOf.set(name, line);
    if (words.address !== undefined) places.set(name, normalAddress(words.address));
    const configured = there.get(name);
    if (!configured) {
      plan.added.push({ name, words });
      plan.edits.push({ path: pathOf(name), value: configurationOf(words) });
    } else if (!update) {
      problems.push({ ...column, message: `"${name}" is configured already; --update changes it.` });
    } else change(plan, name, words, configured);
  }
  for (const { name, words, line, lines } of devices) {
    const place = places.get(name);
    const other = [...places].find(([each, where]) => each !== name && where !== undefined && where === place)?.[0];
    if (other === undefined || words.address === undefined) continue;
    const where = lineOf.has(other) ? `in line ${lineOf.get(other)}` : 'in the configuration';
    const otherLine = lineOf.get(other) ?? 0;
    // Of two lines the later one is wrong.
    if (otherLine < line)
      problems.push({
        line: lines.get('address') ?? line,
        column: 'address',
        message: `${words.address} is the address of "${other}" ${where}.`,
      });
  }
  return plan;
}

function change(plan: Plan, name: string, words: DeviceWords, configured: Readonly<Record<string, unknown>>): void {
  const { location = {}, ...others } = configurationOf(words);
  const wanted = [
    ...Object.entries(others).filter(([key]) => key !== 'address' || words.address !== undefined),
    ...Object.entries(location).map(([key, value]) => [`location.${key}`, value] as const),
  ];
  const changes = wanted.flatMap(([key, to]) => {
    const path = key.split('.');
    const from = path.reduce<unknown>((value, step) => record(value)[step], configured);
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ path, column: path.at(-1)!, from, to }];
  });
  if (changes.length === 0) {
    plan.unchanged.push(name);
    return;
  }
  // A clear-text credential that is replaced is not shown.
  const shown = changes.map(({ column, from, to }) =>
    column === 'credentials' ? { column, from: typeof from, to } : { column, from, to },
  );
  plan.changed.push({ name, changes: shown });
  const hasPlace = configured['location'] !== undefined;
  // Edits into what one of them makes are each a text of its own to parse.
  if (!hasPlace && Object.keys(location).length > 0)
    plan.edits.push({ path: [...pathOf(name), 'location'], value: location });
  for (const { path, to } of changes)
    if (hasPlace || path[0] !== 'location') plan.edits.push({ path: [...pathOf(name), ...path], value: to });
}
