import type { Profile, ProfilePoint } from '@rackwatt/device-profiles';
import { simulatorError } from '../errors.js';
import type { MetricName } from '@rackwatt/telemetry';
import { fillTemplate } from '../profile/template.js';
import type { Switched } from '../profile/switching.js';
import { textMatching, type Wanted } from '../profile/text.js';
import type { Notification } from '../snmp/notifier.js';
import type { ObjectTable } from '../snmp/table.js';
import { integer, objectIdentifier, type SnmpValue, Tag, text, timeTicks } from '../snmp/value.js';
import { candidatesOf, type Cell, type Measured } from './cells.js';
import { captured, capturing, type Field, FIELDS, type Identity, modelOf, textCapturing } from './identity.js';
import { type Layout, measuredAt, type Reading, winners } from './layout.js';
import type { GeneratedPdu } from './pdu.js';
import type { Moment } from './quantity.js';
import { hash } from './random.js';
import { SYS_DESCR } from './rows.js';

/** A value that a reader of a generated device has to find, exact to the last digit that the device shows. */
export interface ExpectedReading {
  part: string;
  metric: MetricName;
  /** In the unit of the metric, or the word of a state. */
  value: number | string;
  basis?: 'LN' | 'LL';
  thresholds?: Partial<Record<string, number>>;
}

/** What a reader has to find of a part. */
export interface ExpectedPart {
  path: string;
  label?: string;
  ratedCurrent?: number;
  switchable?: boolean;
}

/** What a reader has to find of a unit. */
export interface ExpectedUnit {
  identity: Identity;
  parts: ExpectedPart[];
  readings: ExpectedReading[];
}

/** sysDescr, as good as any for the words of a notification. */
const DISPLAY_TEXT = SYS_DESCR;
const NO_CODE = new Set<string>();
/** What agents built on net-snmp say unless they are told their maker's. */
const NET_SNMP = '1.3.6.1.4.1.8072.3.2.10';

/** The units of one agent: the layout of a family filled from the models of its PDUs. */
export class GeneratedDevice {
  readonly layout: Layout;
  readonly #pdus: readonly GeneratedPdu[];
  readonly #identities: readonly Identity[];
  readonly #now: () => number;
  readonly #sysDescr: string;
  readonly #started: number;

  /** @param pdus one for each unit of the layout @param now seconds since 1970 */
  constructor(layout: Layout, pdus: readonly GeneratedPdu[], now: () => number) {
    this.layout = layout;
    this.#pdus = pdus;
    this.#now = now;
    this.#started = now();
    const { profile } = layout;
    this.#identities = pdus.map(({ seed }) => made(profile, layout.recognition.vendor ?? profile.vendor, seed));
    this.#sysDescr = sysDescrOf(layout, this.#identities[0]!);
  }

  /** Fills a table with the objects; measured ones are made when they are asked for. */
  present(table: ObjectTable): void {
    const { sysObjectId } = this.layout.recognition;
    const [prefix] = sysObjectId ?? [NET_SNMP];
    const model = this.#identities[0]!;
    const system: [number, SnmpValue][] = [
      [1, text(this.#sysDescr)],
      [4, text('rackwatt simulator')],
      [5, text(model.name ?? '')],
      [6, text('generated')],
    ];
    for (const [arc, value] of system) table.set(`1.3.6.1.2.1.1.${arc}.0`, value);
    if (prefix !== 'none') table.set('1.3.6.1.2.1.1.2.0', objectIdentifier(fillTemplate(prefix!, this.layout.names)!));
    table.set('1.3.6.1.2.1.1.3.0', () => timeTicks((this.#now() - this.#started) * 100));
    const { objects, cells } = this.layout;
    for (const name of objects) if (name.key !== SYS_DESCR) table.set(name, this.#valueOf(cells.get(name.key)!));
  }

  /** Serial number of the first unit. */
  get serial(): string {
    return this.#identities[0]!.serial!;
  }

  /** Points of the profile that a reader finds. */
  points(): Set<ProfilePoint> {
    return new Set(winners(this.layout.readings).map(({ point }) => point));
  }

  /** The outlets that a profile says how to switch. */
  *switchable(): Generator<Switched<{ unit: number; outlet: number }>> {
    const seen = new Set<string>();
    for (const { group, path, arcs, unit } of this.layout.readings) {
      const key = `${unit} ${path} ${this.layout.profile.parts.indexOf(group)}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const outlet = Number(/^outlet\/.*?(\d+)$/.exec(path)?.[1]);
      if (group.switch && this.#pdus[unit]!.outlets[outlet - 1])
        yield { target: { unit, outlet }, commands: group.switch, arcs };
    }
  }

  /**
   * A notification of the profile as the device sends it of one of its parts.
   * @throws `SIMULATOR_OPTION_INVALID` when the profile has none of that name, or it needs a part that the device does not have
   */
  notification(name: string, path?: string): Notification {
    const { profile, base, readings } = this.layout;
    const known = profile.notifications?.find((each) => each.name === name);
    if (!known)
      throw simulatorError('SIMULATOR_OPTION_INVALID', `The profile ${profile.name} has no notification "${name}".`);
    const { oid, part, from = [] } = known;
    const reading = readings.find((each) => each.path === path);
    const arcs = { ...reading?.arcs, ...(part && path ? numbersIn(part, path) : {}) };
    const indexed = from.flatMap((template) => fillTemplate(`${base}.${template}`, arcs) ?? []).slice(0, 1);
    if (from.length > 0 && indexed.length === 0)
      throw simulatorError(
        'SIMULATOR_OPTION_INVALID',
        `${name} is sent of a part such as ${part ?? 'unit'}, not of ${path ?? 'none'}.`,
      );
    const words = text(`${name}${path === undefined ? '' : ` of ${path}`}`);
    const varbinds = [...indexed.map((at) => ({ oid: at, value: integer(1) })), { oid: DISPLAY_TEXT, value: words }];
    return { oid, upTime: Math.floor((this.#now() - this.#started) * 100), varbinds };
  }

  /** What a reader has to find now of a unit, by its place from 0. */
  expected(unit = 0): ExpectedUnit {
    const parts = new Map<string, ExpectedPart>();
    const limits = new Map<string, Partial<Record<string, number>>>();
    const mine = this.layout.readings.filter((reading) => reading.unit === unit);
    for (const reading of mine) this.#expectPart(parts, reading);
    for (const reading of winners(mine)) {
      const { threshold, metric } = reading.point;
      const key = `${reading.path} ${metric}`;
      if (threshold) limits.set(key, { ...limits.get(key), [threshold]: this.#expectValue(reading) as number });
    }
    const readings = winners(mine)
      .filter(({ point }) => point.threshold === undefined)
      .map((reading): ExpectedReading => {
        const { metric, basis } = reading.point;
        const thresholds = { ...limits.get(`${reading.path} ${metric}`), ...this.#expectThresholds(reading) };
        return {
          part: reading.path,
          metric,
          value: this.#expectValue(reading),
          ...(basis ? { basis } : {}),
          ...(Object.keys(thresholds).length > 0 ? { thresholds } : {}),
        };
      });
    const measured = new Set(readings.map(({ part }) => part));
    return {
      identity: this.#expectIdentity(unit),
      parts: [...parts.values()].filter(({ path }) => measured.has(path)),
      readings,
    };
  }

  #valueOf(cell: Cell): SnmpValue | (() => SnmpValue) {
    switch (cell.kind) {
      case 'measured':
        return () => snmpValue(this.#encode(cell, cell.refused).raw);
      case 'list':
        return () =>
          text(cell.items.map((item) => (item ? String(this.#encode(item, NO_CODE).raw) : '')).join(cell.separator));
      case 'bits': {
        const octets = Buffer.alloc(Math.max(...cell.bits) / 8 + 1);
        for (const bit of cell.bits) octets[bit >> 3]! |= 0x80 >> (bit & 7);
        return { type: Tag.OctetString, value: octets };
      }
      case 'fact':
      case 'text':
        return cell.kind === 'fact' ? factValue(this.#textOf(cell)) : text(this.#textOf(cell));
    }
  }

  #moment(unit: number): Moment {
    const pdu = this.#pdus[unit]!;
    return { pdu, snapshot: pdu.at(this.#now()) };
  }

  #encode(
    { quantity, codec, unit }: Measured,
    refused: ReadonlySet<string>,
  ): { raw: number | string; value: number | string } {
    return codec.encode(quantity.at(this.#moment(unit)), refused);
  }

  #textOf(cell: Cell): string {
    if (cell.kind === 'fact') return candidatesOf(cell)[0] ?? '';
    if (cell.kind === 'measured') return String(this.#encode(cell, cell.refused).raw);
    if (cell.kind !== 'text') return '';
    const [field, unit, path] = cell.name.split(' ') as [string, string, string?];
    const wanted =
      path === undefined ? (this.#identities[Number(unit)]![field as Field] ?? '') : this.#label(Number(unit), path);
    return cell.pattern === undefined ? wanted : textCapturing(cell.pattern, wanted);
  }

  #label(unit: number, path: string): string {
    const outlet = /^outlet\/(\d+)$/.exec(path)?.[1];
    const words = path.replaceAll('/', ' ');
    return (outlet && this.#pdus[unit]!.outlets[Number(outlet) - 1]?.name) ?? words[0]!.toUpperCase() + words.slice(1);
  }

  #expectValue({ oid, arcs, point }: Reading): number | string {
    const cell = this.layout.cells.get(oid);
    const measured = measuredAt(this.layout.cells, oid, arcs)!;
    const { raw, value } = this.#encode(measured, cell?.kind === 'measured' ? cell.refused : NO_CODE);
    return point.states?.[String(raw)] ?? value;
  }

  #expectThresholds({ point, arcs }: Reading): Partial<Record<string, number>> {
    const { base, cells } = this.layout;
    const limits: Partial<Record<string, number>> = {};
    for (const [level, threshold] of Object.entries(point.thresholds ?? {})) {
      const oid = fillTemplate(`${base}.${threshold.oid}`, arcs);
      const cell = oid === undefined ? undefined : cells.get(oid);
      const enabled = threshold.enabled && cells.get(fillTemplate(`${base}.${threshold.enabled.oid}`, arcs) ?? '');
      if (cell?.kind !== 'measured' || (enabled?.kind === 'bits' && !enabled.bits.has(threshold.enabled!.bit)))
        continue;
      limits[level] = this.#encode(cell, cell.refused).value as number;
    }
    return limits;
  }

  #expectPart(parts: Map<string, ExpectedPart>, { group, path, arcs }: Reading): void {
    const { base, cells } = this.layout;
    const part = parts.get(path) ?? { path };
    parts.set(path, part);
    const said = (template: string) => {
      const cell = cells.get(fillTemplate(`${base}.${template}`, arcs) ?? '');
      return cell ? this.#textOf(cell) : '';
    };
    const label = (group.label ?? []).map(said).find((words) => words !== '');
    if (label !== undefined) part.label ??= label;
    const rated = group.ratedCurrent ? Number.parseFloat(said(group.ratedCurrent.oid)) : NaN;
    if (rated > 0) part.ratedCurrent ??= rated * (group.ratedCurrent!.scale ?? 1);
    if (!group.switch || part.switchable) return;
    const { only } = group.switch;
    part.switchable = only === undefined || only.values.map(String).includes(said(only.oid));
  }

  #expectIdentity(unit: number): Identity {
    const oids = this.layout.identity[unit]!;
    const { vendor } = { ...this.layout.profile, ...this.layout.recognition };
    const found = FIELDS.map((field) => {
      const texts = oids[field].map(({ oid, pattern }) => {
        const cell = this.layout.cells.get(oid);
        const said = oid === SYS_DESCR ? this.#sysDescr : cell ? this.#textOf(cell) : '';
        return pattern === undefined ? said : captured(pattern, said);
      });
      return [field, texts.find((each) => each !== '')] as const;
    });
    const said = Object.fromEntries(found.filter(([, each]) => each !== undefined));
    return { vendor, ...said };
  }
}

/** What the names of a part's template stand for in a path. */
function numbersIn(part: string, path: string): Record<string, string> {
  const pattern = new RegExp(`^${part.replace(/\{([a-z]+)\}/g, '(?<$1>\\d+)')}$`);
  return { ...pattern.exec(path)?.groups };
}

/** Who a PDU of this seed is. */
function made(profile: Profile, vendor: string, seed: string): Identity {
  const serial = `S${hash(`${profile.name}/${seed}`).toString(10).padStart(10, '0')}`;
  const model = modelOf(profile);
  return { vendor, model, serial, firmware: '4.2.1', name: `${model} ${serial}` };
}

/** A description by which the device is recognised, and which tells what the profile looks for in it. */
function sysDescrOf({ profile, recognition, cells, identity }: Layout, device: Identity): string {
  const cell = cells.get(SYS_DESCR);
  const needed: Wanted[] = [
    ...(recognition.sysDescr === undefined ? [] : [{ pattern: recognition.sysDescr }]),
    ...(cell?.kind === 'fact' ? cell.wanted : []),
  ];
  const words = `${profile.vendor} ${device.model}`;
  for (const field of FIELDS)
    for (const { oid, pattern } of identity[0]![field]) {
      if (oid !== SYS_DESCR || pattern === undefined) continue;
      const more = [capturing(pattern, device[field] ?? ''), { pattern }].find(
        (wanted) => textMatching([...needed, wanted], words) !== undefined,
      );
      if (more) needed.push(more);
    }
  return needed.length === 0 ? words : (textMatching(needed, words) ?? words);
}

const LARGEST_INTEGER = 2 ** 31 - 1;
const LARGEST_GAUGE = 2 ** 32 - 1;

/** The smallest type that holds it. */
function snmpValue(raw: number | string): SnmpValue {
  if (typeof raw === 'string') return text(raw);
  if (raw <= LARGEST_INTEGER) return { type: Tag.Integer, value: Math.max(raw, -LARGEST_INTEGER - 1) };
  return raw <= LARGEST_GAUGE ? { type: Tag.Gauge32, value: raw } : { type: Tag.Counter64, value: BigInt(raw) };
}

const factValue = (raw: string): SnmpValue => (/^-?\d{1,10}$/.test(raw) ? snmpValue(Number(raw)) : text(raw));
