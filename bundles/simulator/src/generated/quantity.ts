import { METRICS, type MetricName } from '@rackwatt/telemetry';
import { BRANCH_RATING, type GeneratedPdu, type Measure, OUTLET_RATING, type Snapshot } from './pdu.js';
import { between, fraction } from './random.js';

/** How many of each place a PDU has: what the layout of its objects depends on. */
export interface Shape {
  phases: 1 | 3;
  branches: number;
  outlets: number;
  /** The one outlet that the device tells of is the output of all, as of a transfer switch. */
  isOneOutput?: boolean;
}

/** A PDU at a moment. */
export interface Moment {
  pdu: GeneratedPdu;
  snapshot: Snapshot;
}

/** A value of the electrical model. */
export interface Quantity {
  /** The same for what is the same: the inlet of a single-phase PDU and its only phase. */
  key: string;
  /** A number in the unit of the metric; of a state its words, the fittest first. */
  at(moment: Moment): number | readonly string[];
  /** Of a state that never changes. */
  words?: readonly string[];
}

/** A part of a device within the model. */
interface Place {
  key: string;
  measure(snapshot: Snapshot): Measure & { on?: boolean };
  /** A, of what protects it. */
  rating: number;
  /** Voltage and current have no single value: of the inlet of a three-phase PDU. */
  sum?: boolean;
}

/** A in that a PDU may draw from one phase. */
export const capacityOf = ({ phases, branches }: Shape): number => (BRANCH_RATING * branches) / phases;

const PAIRS = ['L1-L2', 'L2-L3', 'L3-L1'];

/** What a part's metric is in the model; undefined when a PDU of this shape has no such thing. */
export function quantityOf(path: string, metric: MetricName, shape: Shape, basis?: 'LN' | 'LL'): Quantity | undefined {
  const states = STATES[metric];
  if (states) {
    const place = placeOf(path, shape);
    if (place === undefined) return undefined;
    const key = `${metric} ${place.key}`;
    if (typeof states !== 'function') return { key, at: () => states, words: states };
    return { key, at: (moment) => states(moment, place, path) };
  }
  const surroundings = SURROUNDINGS[metric];
  if (surroundings) return { key: `${metric} ${path}`, at: (moment) => surroundings(moment, path) };
  const place = placeOf(path, shape);
  const electrical = ELECTRICAL[metric];
  if (!place || (place.sum && (metric === 'voltage.rms' || metric === 'current.rms'))) return undefined;
  const between3 = basis === 'LL' && shape.phases === 3 && /phase\/L[123]$/.exec(path);
  if (between3 && metric === 'voltage.rms') {
    const phase = Number(path.at(-1)) - 1;
    return { key: `${metric} ${PAIRS[phase]}`, at: ({ snapshot }) => snapshot.lineVoltages[phase]! };
  }
  return {
    key: `${metric} ${metric === 'frequency' ? '' : place.key}`,
    at: electrical
      ? ({ snapshot }) => electrical(place.measure(snapshot), place, snapshot)
      : ({ pdu }) => otherwise(metric, `${pdu.seed}/${place.key}`),
  };
}

/** Shares of what a place carries, or values as they are usual: lower critical, lower caution, upper caution, upper critical. */
const LIMITS: Partial<Record<MetricName, readonly [number, number, number, number]>> = {
  'voltage.rms': [198, 207, 244, 253],
  frequency: [47, 48, 52, 53],
  temperature: [5, 10, 32, 40],
  'humidity.relative': [10, 20, 70, 85],
  'load.percent': [2, 5, 80, 95],
};
const LEVELS = ['lowerCritical', 'lowerCaution', 'upperCaution', 'upperCritical'] as const;
const SHARES = [0.02, 0.05, 0.8, 0.95] as const;
const NOMINAL = 230;

/** A limit that is set on the device. */
export function limitOf(path: string, metric: MetricName, level: (typeof LEVELS)[number], shape: Shape): Quantity {
  const place = placeOf(path, shape);
  const i = LEVELS.indexOf(level);
  const rating = place?.rating ?? capacityOf(shape);
  const most = METRICS[metric].unit === 'A' ? rating : METRICS[metric].unit.startsWith('W') ? rating * NOMINAL : 40;
  const limit = LIMITS[metric]?.[i] ?? most * SHARES[i]!;
  return { key: `${metric} ${place?.key ?? path} ${level}`, at: () => limit };
}

function placeOf(path: string, shape: Shape): Place | undefined {
  const [level = '', name = '', kind, sub] = path.split('/');
  const number = Number(/\d+$/.exec(name)?.[0] ?? 1);
  switch (level) {
    case 'unit':
      return inlet(shape);
    case 'inlet':
      if (number > 1) return { key: `inlet ${name}`, measure: spare, rating: capacityOf(shape) };
      return kind === undefined ? inlet(shape) : ofInlet(kind, sub ?? '', shape);
    case 'branch':
      if (number < 1 || number > shape.branches) return undefined;
      return { key: path, measure: ({ branches }) => branches[number - 1]!, rating: BRANCH_RATING };
    case 'outlet':
      if (shape.isOneOutput) return kind === undefined ? inlet(shape) : ofInlet(kind, sub ?? '', shape);
      if (number < 1 || number > shape.outlets) return undefined;
      return { key: path, measure: ({ outlets }) => outlets[number - 1]!, rating: OUTLET_RATING };
    default:
      return { ...inlet(shape), key: path };
  }
}

function inlet(shape: Shape): Place {
  const sum = shape.phases === 3;
  return { key: 'inlet', measure: (snapshot) => snapshot.inlet, rating: capacityOf(shape), sum };
}

/** Phases, lines and pairs of phases; a single-phase PDU has one of them, which is all of the inlet. */
function ofInlet(kind: string, name: string, shape: Shape): Place | undefined {
  const rating = capacityOf(shape);
  const phase = ['L1', 'L2', 'L3'].indexOf(name);
  if (phase >= shape.phases) return undefined;
  if ((kind === 'phase' || kind === 'line') && phase >= 0)
    return shape.phases === 1
      ? inlet(shape)
      : { key: `phase ${name}`, measure: ({ phases }) => phases[phase]!, rating };
  if (name === 'N') return { key: 'neutral', measure: (snapshot) => neutral(snapshot), rating };
  const pair = PAIRS.indexOf(name);
  if (kind !== 'pair' || pair === -1 || shape.phases === 1) return undefined;
  return { key: `pair ${name}`, measure: (snapshot) => ofPair(snapshot, pair), rating };
}

/** A second inlet is under voltage and carries nothing. */
function spare({ inlet: { voltage } }: Snapshot): Measure {
  return { voltage: voltage - 1.5, current: 0, power: 0, apparent: 0, powerFactor: 1, energy: 0 };
}

/** What three currents 120 degrees apart leave; of one phase, all of it. */
function neutral({ phases, inlet: { current } }: Snapshot): Measure {
  const [a, b, c] = phases.map((phase) => phase.current) as [number, number?, number?];
  const rest =
    b === undefined || c === undefined
      ? current
      : Math.sqrt(Math.max(0, a * a + b * b + c * c - a * b - b * c - c * a));
  return { voltage: 0.8, current: rest, power: 0, apparent: 0, powerFactor: 1, energy: 0 };
}

/** The load of the first phase of the pair, seen at the voltage between both. */
function ofPair({ phases, lineVoltages }: Snapshot, pair: number): Measure {
  const voltage = lineVoltages[pair]!;
  const load = phases[pair]!;
  return { ...load, voltage, current: load.apparent / voltage };
}

const reactive = ({ apparent, power }: Measure): number => Math.sqrt(Math.max(0, apparent ** 2 - power ** 2));

type Electrical = (measure: Measure, place: Place, snapshot: Snapshot) => number;

const ELECTRICAL: Partial<Record<MetricName, Electrical>> = {
  'voltage.rms': ({ voltage }) => voltage,
  'current.rms': ({ current }) => current,
  'power.active': ({ power }) => power,
  'power.apparent': ({ apparent }) => apparent,
  'power.reactive': reactive,
  'power.factor': ({ powerFactor }) => powerFactor,
  'energy.active': ({ energy }) => energy,
  'energy.apparent': ({ energy, powerFactor }) => energy / powerFactor,
  'energy.reactive': ({ energy, powerFactor }) => energy * Math.tan(Math.acos(powerFactor)),
  frequency: (_, __, { frequency }) => frequency,
  'load.percent': ({ current }, { rating }) => (current / rating) * 100,
};

/** Degrees, per cent and the like, of a place in the room. */
const SURROUNDINGS: Partial<Record<MetricName, (moment: Moment, path: string) => number>> = {
  temperature: ({ pdu, snapshot }, path) => snapshot.temperature + between(-2, 2, pdu.seed, path),
  'humidity.relative': ({ pdu, snapshot }, path) => snapshot.humidity + between(-4, 4, pdu.seed, path),
  dewpoint: ({ pdu, snapshot }, path) => snapshot.temperature - between(10, 12, pdu.seed, path),
};

/** Bounds of what the model says nothing of; a PDU keeps its value. */
const OTHERWISE: Partial<Record<MetricName, readonly [number, number]>> = {
  'current.crest': [1.3, 1.8],
  'current.thd': [4, 12],
  'voltage.thd': [1, 3],
  'unbalance.current': [2, 20],
  'unbalance.voltage': [1, 3],
  'current.residual': [0.001, 0.006],
  'current.residual.dc': [0.001, 0.004],
  'count.switch': [2, 40],
  airflow: [1, 4],
  'pressure.differential': [5, 40],
};

function otherwise(metric: MetricName, seed: string): number {
  const [from, to] = OTHERWISE[metric] ?? [1, 20];
  const value = between(from, to, seed, metric);
  return METRICS[metric].kind === 'counter' ? Math.round(value) : value;
}

const FINE = ['normal', 'ok', 'on', 'closed', 'source-1'];

type States = (moment: Moment, place: Place, path: string) => readonly string[];

const STATES: Partial<Record<MetricName, States | readonly string[]>> = {
  'state.outlet': ({ snapshot }, place) =>
    (place.measure(snapshot).on ?? true) ? ['on', 'closed', ...FINE] : ['off', 'open'],
  'state.breaker': ['closed', 'on', ...FINE],
  'state.load': FINE,
  'state.sensor': FINE,
  'state.contact': ({ pdu }, _, path) =>
    fraction(pdu.seed, path) < 0.5 ? ['closed', 'open', ...FINE] : ['open', 'closed', ...FINE],
  'state.source': ['source-1', ...FINE],
  'state.redundancy': ['ok', ...FINE],
};
