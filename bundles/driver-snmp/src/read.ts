import { Quality } from '@rackwatt/telemetry';
import type { Varbind } from './snmp/varbind.js';
import { RackwattError } from 'rackwatt';
import { derive } from './derive.js';
import { garbage, isSilence, statusOf } from './errors.js';
import { type Layout, Presence, type Slot } from './layout.js';
import type { SnmpLink } from './link.js';
import { compareOids } from './oid.js';
import { planGets, type PlannedRequest, type ReadPlan } from './plan.js';
import { isAbsent, numberOf } from './values.js';

/** How a read went beyond its values. */
export interface ReadOutcome {
  /** Rows came or went: the layout should be made anew. */
  rowsChanged: boolean;
  /** The agent could not fill a response: plans should be made for smaller ones. */
  shrunk: boolean;
  /** Time ran out before all was asked. */
  unfinished: boolean;
  /** It answered something small after it had been silent: if it is silent again, the answer was too large. */
  called: boolean;
}

/**
 * Refreshes `layout.raw` and `layout.presence` by a plan.
 *
 * Allocates varbinds and little else: plans, expected OIDs and the arrays written to are made when the device is opened.
 * @throws the link's error when not a single request was answered; later silence leaves slots `NOT_ASKED`
 */
export async function refresh(link: SnmpLink, layout: Layout, plan: ReadPlan, deadline: number): Promise<ReadOutcome> {
  const outcome: ReadOutcome = { rowsChanged: false, shrunk: false, unfinished: false, called: false };
  let answered = false;
  for (const request of plan.requests) forget(layout, request);
  if (link.silent) {
    // A device that is gone costs the tries of this and no more.
    await link.call(deadline);
    outcome.called = true;
  }
  for (const request of plan.requests) {
    try {
      if (request.kind === 'get') await get(link, layout, request, deadline, outcome);
      else await bulk(link, layout, request, deadline, outcome);
      answered = true;
    } catch (error) {
      if (!(answered || outcome.called) || !isSilence(error)) throw error;
      outcome.unfinished = true;
      return outcome;
    }
  }
  return outcome;
}

function forget(layout: Layout, request: PlannedRequest): void {
  const lists = request.kind === 'get' ? [request.slots] : request.slots;
  for (const slots of lists) for (const slot of slots) if (slot !== -1) layout.presence[slot] = Presence.NOT_ASKED;
}

/** Whether a request was not answered because the answer would be too large for the agent or for the way, and smaller ones are left. */
function tooLarge(link: SnmpLink, error: unknown, outcome: ReadOutcome): boolean {
  if (!outcome.called || !isSilence(error) || !link.silent || !link.shrink()) return false;
  outcome.shrunk = true;
  return true;
}

type Get = Extract<PlannedRequest, { kind: 'get' }>;
type Bulk = Extract<PlannedRequest, { kind: 'bulk' }>;

async function get(
  link: SnmpLink,
  layout: Layout,
  request: Get,
  deadline: number,
  outcome: ReadOutcome,
): Promise<void> {
  if (request.bytes > link.responseBytes && request.oids.length > 1)
    return getEach(link, layout, objectsOf(request), deadline, outcome);
  let varbinds: Varbind[];
  try {
    varbinds = await link.get(request.oids, deadline);
  } catch (error) {
    if (request.oids.length > 1 && tooLarge(link, error, outcome))
      return getEach(link, layout, objectsOf(request), deadline, outcome);
    if (statusOf(error) === undefined) throw error;
    await getApart(link, layout, request, error as RackwattError, deadline, outcome);
    return;
  }
  for (let i = 0; i < request.oids.length; i++) {
    const varbind = varbinds[i];
    if (varbind === undefined || varbind.oid !== request.oids[i]) {
      throw garbage(link.endpoint.text, `${varbind?.oid ?? 'nothing'} where ${request.oids[i]} was asked for`);
    }
    store(layout, request.slots[i]!, varbind, outcome);
  }
}

const objectsOf = ({ oids, slots }: Get): [string, Slot][] => oids.map((oid, i) => [oid, slots[i]!]);

/** Objects by name, in requests as large as their answers may be now. */
async function getEach(
  link: SnmpLink,
  layout: Layout,
  objects: [string, Slot][],
  deadline: number,
  outcome: ReadOutcome,
): Promise<void> {
  for (const part of planGets(objects, link.responseBytes)) await get(link, layout, part as Get, deadline, outcome);
}

/** A request that failed as a whole, in parts: without the object that the agent blames, else in halves. */
async function getApart(
  link: SnmpLink,
  layout: Layout,
  request: Get,
  error: RackwattError,
  deadline: number,
  outcome: ReadOutcome,
): Promise<void> {
  const objects = objectsOf(request);
  const blamed = error.context['status'] === 1 ? -1 : request.oids.indexOf(String(error.context['oid']));
  const bad = objects.length === 1 ? 0 : blamed;
  if (bad !== -1) {
    layout.presence[objects[bad]![1]] = Presence.ABSENT;
    outcome.rowsChanged = true;
    objects.splice(bad, 1);
  } else if (error.context['status'] === 1) {
    outcome.shrunk = link.shrink() || outcome.shrunk;
  }
  const half = bad === -1 ? Math.ceil(objects.length / 2) : objects.length;
  for (const some of [objects.slice(0, half), objects.slice(half)])
    await getEach(link, layout, some, deadline, outcome);
}

async function bulk(
  link: SnmpLink,
  layout: Layout,
  request: Bulk,
  deadline: number,
  outcome: ReadOutcome,
): Promise<void> {
  let lists: Varbind[][] = [];
  let cut = false;
  try {
    if (request.bytes <= link.responseBytes)
      lists = await link.bulk(request.oids, request.repetitions, deadline, request.expected);
  } catch (error) {
    // Some agents say tooBig or genErr to GETBULK where they should shorten the answer.
    if (statusOf(error) !== undefined) cut = true;
    else if (!tooLarge(link, error, outcome)) throw error;
  }
  const missed: [string, Slot][] = [];
  for (let i = 0; i < request.oids.length; i++) {
    const expected = request.expected[i]!;
    const slots = request.slots[i]!;
    const list = lists[i] ?? [];
    for (let row = 0; row < expected.length; row++) {
      const varbind = list[row];
      if (varbind !== undefined && varbind.oid === expected[row]) {
        if (slots[row] !== -1) store(layout, slots[row]!, varbind, outcome);
        continue;
      }
      if (varbind === undefined) cut ||= lists.length > 0;
      else outcome.rowsChanged = true;
      checkOrder(link, request.oids[i]!, list);
      // From here on rows are shifted or the answer was cut short: ask for them by name.
      for (; row < expected.length; row++) if (slots[row] !== -1) missed.push([expected[row]!, slots[row]!]);
    }
  }
  if (missed.length === 0) return;
  if (cut) outcome.shrunk = link.shrink() || outcome.shrunk;
  await getEach(link, layout, missed, deadline, outcome);
}

function checkOrder(link: SnmpLink, before: string, list: Varbind[]): void {
  let last = before;
  for (const varbind of list) {
    if (isAbsent(varbind)) return;
    if (compareOids(varbind.oid, last) <= 0)
      throw garbage(link.endpoint.text, `${varbind.oid} comes after ${last}, which goes backwards`);
    last = varbind.oid;
  }
}

function store(layout: Layout, slot: Slot, varbind: Varbind, outcome: ReadOutcome): void {
  if (varbind.type >= 128 && isAbsent(varbind)) {
    layout.presence[slot] = Presence.ABSENT;
    outcome.rowsChanged = true;
    return;
  }
  layout.presence[slot] = Presence.PRESENT;
  layout.raw[slot] = typeof varbind.value === 'number' ? varbind.value : numberOf(varbind);
  const { derivations } = layout.shape;
  if (derivations.size === 0) return;
  for (const derivation of derivations.get(slot) ?? []) layout.raw[derivation.slot] = derive(varbind, derivation);
}

/** Values, qualities and states of some points, made from a layout's slots. */
export interface Evaluated {
  points: Uint32Array;
  values: Float64Array;
  quality: Uint16Array;
  states: Uint8Array;
}

const UNKNOWN_STATE = 1;

/** Turns raw numbers into values. Every point without a number or a state is BAD, with the reason beside it. */
export function evaluate(layout: Layout, points: Uint32Array): Evaluated {
  const { raw, presence } = layout;
  const { rules } = layout.shape;
  const values = new Float64Array(points.length).fill(NaN);
  const quality = new Uint16Array(points.length);
  const states = new Uint8Array(points.length);
  for (let i = 0; i < points.length; i++) {
    const rule = rules[points[i]!]!;
    let bad = 0;
    const there = presence[rule.asked];
    if (there === Presence.NOT_ASKED) bad = Quality.BAD | Quality.COMM_FAILURE;
    else if (there === Presence.ABSENT) bad = Quality.BAD;
    for (const guard of rule.guards) {
      // Not asked this time: what it said last still holds.
      if (presence[guard.slot] !== Presence.ABSENT) bad |= guard.bad.get(raw[guard.slot]!) ?? 0;
    }
    const number = raw[rule.slot]!;
    const known = there === Presence.PRESENT;
    if (known && (rule.negative ? number < 0 : rule.noValue.includes(number)))
      bad |= Quality.BAD | Quality.SENSOR_FAULT;
    if (rule.states) {
      if (known) states[i] = rule.states.get(number) ?? UNKNOWN_STATE;
      if (known && bad === 0 && !rule.states.has(number)) bad = Quality.SUSPECT;
    } else if (bad === 0 && !Number.isNaN(number)) {
      let value = (number * rule.multiply) / rule.divide;
      if (rule.fahrenheit) value = Math.round(((value - 32) / 1.8) * 100) / 100;
      values[i] = rule.magnitude ? Math.abs(value) : value;
    } else if (bad === 0) {
      bad = Quality.BAD;
    }
    quality[i] = bad;
  }
  return { points, values, quality, states };
}
