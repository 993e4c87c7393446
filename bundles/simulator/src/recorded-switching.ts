import { type PointRow, rowsRead, unitsIn, type Objects } from './profile/readings.js';
import { fittingProfiles } from './profile/recognise.js';
import { type Effect, type Switched, Switching } from './profile/switching.js';
import { fillTemplate } from './profile/template.js';
import { ErrorStatus } from './snmp/pdu.js';
import type { WriteHandler } from './snmp/requests.js';
import type { ObjectTable } from './snmp/table.js';
import { integer, text } from './snmp/value.js';

/** Where the state of an outlet shows in a recording. */
type StateRow = Pick<PointRow, 'oid' | 'point' | 'arcs'>;

interface Outlet {
  states: StateRow[];
}

/**
 * SETs of outlet commands act on a recording at once, as the profile that reads it says; every other object is read-only. What
 * the command wrote is read back where the recording holds its object. A cycled outlet is on again by the time that anyone can look.
 */
export function recordedSwitching(table: ObjectTable): WriteHandler {
  const objects = objectsOf(table);
  const { base, units } = readRecorded(table);
  const parts = units.flatMap((rows) => [...switchedParts(base, rows, objects)]);
  const act = (outlet: Outlet, effect: Effect) => show(table, outlet, effect);
  const switching = new Switching(base, parts, act, (oid) => objects.text(oid) ?? '');
  return (oid, value) => {
    const answer = switching.write(oid, value);
    if (!answer || 'error' in answer) return answer ?? { error: ErrorStatus.notWritable };
    return {
      commit() {
        if (table.has(oid)) table.set(oid, value);
        answer.commit();
      },
    };
  };
}

/** What the profile that fits a recording reads of it, each time that it is asked for; nothing where none fits. */
export function recordedRows(table: ObjectTable): { base: string; rows: () => PointRow[] } {
  let read: ReturnType<typeof readRecorded> | undefined;
  return {
    get base() {
      return (read ??= readRecorded(table)).base;
    },
    rows: () => (read ??= readRecorded(table)).units.flat(),
  };
}

function readRecorded(table: ObjectTable): { base: string; units: PointRow[][] } {
  const oids = [...table.oids()];
  const fixed: Objects = { ...objectsOf(table), oids: () => oids };
  for (const { profile, base } of fittingProfiles(fixed)) {
    const numbers = unitsIn(profile, base, fixed);
    const units = (numbers.length === 0 ? [undefined] : numbers).map((unit) => [
      ...rowsRead(profile, base, fixed, unit),
    ]);
    if (units.some((rows) => rows.length > 0)) return { base, units };
  }
  return { base: '', units: [] };
}

/** A table's objects as texts. */
export function objectsOf(table: ObjectTable): Objects {
  return {
    oids: () => table.oids(),
    text(oid) {
      const value = table.value(oid)?.value;
      if (value === undefined) return undefined;
      return (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)).trim();
    },
  };
}

function* switchedParts(base: string, rows: readonly PointRow[], objects: Objects): Generator<Switched<Outlet>> {
  const outlets = new Map<string, Outlet>();
  const seen = new Set<string>();
  for (const { path, point, oid, arcs } of rows) {
    if (point.metric !== 'state.outlet') continue;
    const outlet = outlets.get(path) ?? { states: [] };
    outlets.set(path, outlet);
    outlet.states.push({ oid, point, arcs });
  }
  for (const { group, path, arcs } of rows) {
    const commands = group.switch;
    const on = commands && fillTemplate(`${base}.${commands.on.oid}`, arcs);
    if (!commands || on === undefined || seen.has(`${path} ${on}`)) continue;
    seen.add(`${path} ${on}`);
    const { only } = commands;
    const said = only && objects.text(fillTemplate(`${base}.${only.oid}`, arcs) ?? '');
    if (only && !only.values.map(String).includes(said ?? '')) continue;
    yield { target: outlets.get(path) ?? { states: [] }, commands, arcs };
  }
}

function show(table: ObjectTable, { states }: Outlet, effect: Effect): void {
  const word = effect === 'off' ? 'off' : 'on';
  for (const { oid, point, arcs } of states) {
    const raw = Object.entries(point.states ?? {}).find(([, each]) => each === word)?.[0];
    if (raw === undefined) continue;
    if (point.list === undefined) {
      table.set(oid, /^-?\d+$/.test(raw) ? integer(Number(raw)) : text(raw));
      continue;
    }
    const items = (objectsOf(table).text(oid) ?? '').split(point.list);
    items[Number(arcs['item']) - 1] = raw;
    table.set(oid, text(items.join(point.list)));
  }
}
