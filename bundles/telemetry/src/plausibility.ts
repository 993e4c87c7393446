import { type Level, levelOf, type PartPath, type PointDescription } from './device.js';
import type { Reading } from './driver.js';
import type { MetricName } from './metrics.js';

/** Values that do not go together as if one of them had a wrong scale. */
export interface ScaleSuspicion {
  level: Level;
  metric: MetricName;
  /** How many times too large the metric looks beside the others: 10, 0.1, 3, 1.73, ... */
  factor: number;
  /** One sentence with the values of one part. */
  message: string;
}

/** Where a scale goes wrong: a power of ten; all phases or one; line to line or line to neutral. */
const FACTORS = [10, 100, 1000, 3, Math.sqrt(3)].flatMap((factor) => [factor, 1 / factor]);
/** Below these a device's rounding alone may be that far off: A, V.A, W. */
const LEAST_CURRENT = 0.5;
const LEAST_POWER = 50;
const LEAST_TOTAL = 100;
/** Of the parts of a level that can be compared so many must agree. */
const AGREEING = 0.8;

/** Which ratios are right, and how near to a factor one must be to be taken for it. */
interface Band {
  right: readonly [number, number];
  near: readonly [number, number];
}

const APPARENT: Band = { right: [0.75, 1.33], near: [0.85, 1.18] };
/** Without a power factor anything down to 0.3 may be right. */
const ACTIVE: Band = { right: [0.3, 1.1], near: [0.8, 1.1] };
const TOTAL: Band = { right: [0.85, 1.4], near: [0.92, 1.1] };

type Values = Map<MetricName, number>;

/**
 * Compares power with volts times amperes times power factor at each part, and the sums of phases, branches and outlets with
 * the inlets. Only good values count, and only loads that rounding cannot explain.
 */
export function suspectedScales(points: readonly PointDescription[], reading: Reading): ScaleSuspicion[] {
  const parts = valuesByPart(points, reading);
  const manyPhases = [...parts.keys()].filter((part) => /^inlet\/[^/]+\/phase\//.test(part)).length > 1;
  const comparable = [...parts].filter(([part]) => !(manyPhases && levelOf(part) === 'inlet'));
  const byLevel = Map.groupBy(comparable, ([part]) => levelOf(part));
  return [
    ...[...byLevel].flatMap(([level, some]) => suspectedPower(level, some)),
    ...(['phase', 'branch', 'outlet'] as const).flatMap((level) => suspectedSum(level, points, parts)),
  ];
}

function valuesByPart(points: readonly PointDescription[], reading: Reading): Map<PartPath, Values> {
  const parts = new Map<PartPath, Values>();
  for (const [i, index] of reading.points.entries()) {
    const point = points[index];
    const value = reading.values[i]!;
    if (!point || reading.quality[i] !== 0 || Number.isNaN(value)) continue;
    const values = parts.get(point.part) ?? new Map<MetricName, number>();
    parts.set(point.part, values.set(point.metric, value));
  }
  return parts;
}

interface Ratio {
  part: PartPath;
  metric: 'power.active' | 'power.apparent';
  ratio: number;
  band: Band;
  evidence: string;
}

function suspectedPower(level: Level, parts: [PartPath, Values][]): ScaleSuspicion[] {
  const ratios = parts.flatMap(([part, values]) => ratioOf(part, values) ?? []);
  return (['power.apparent', 'power.active'] as const).flatMap((metric) => {
    const some = ratios.filter((ratio) => ratio.metric === metric);
    const factor = commonFactor(some);
    if (factor === undefined) return [];
    const [{ part, evidence }] = some as [Ratio, ...Ratio[]];
    return [{ level, metric, factor, message: `${metric} of ${part} is ${times(factor)} ${evidence}` }];
  });
}

function ratioOf(part: PartPath, values: Values): Ratio | undefined {
  const [volts, amperes] = [values.get('voltage.rms'), values.get('current.rms')];
  if (volts === undefined || amperes === undefined || amperes < LEAST_CURRENT || volts <= 0) return undefined;
  const product = volts * amperes;
  const measured = `${round(volts)} V times ${round(amperes)} A`;
  const apparent = values.get('power.apparent');
  if (apparent !== undefined && apparent >= LEAST_POWER) {
    const evidence = `${measured}: ${round(apparent)} V.A`;
    return { part, metric: 'power.apparent', ratio: apparent / product, band: APPARENT, evidence };
  }
  const active = values.get('power.active');
  if (active === undefined || active < LEAST_POWER) return undefined;
  const factor = values.get('power.factor');
  if (factor === undefined || factor < 0.1) {
    return {
      part,
      metric: 'power.active',
      ratio: active / product,
      band: ACTIVE,
      evidence: `${measured}: ${round(active)} W`,
    };
  }
  const evidence = `${measured} times ${round(factor)}: ${round(active)} W`;
  return { part, metric: 'power.active', ratio: active / product / factor, band: APPARENT, evidence };
}

/** The factor by which nearly all are off; undefined when they are right, or off in ways that no scale explains. */
function commonFactor(ratios: readonly Pick<Ratio, 'ratio' | 'band'>[]): number | undefined {
  const factors = ratios.map(({ ratio, band }) => factorOf(ratio, band));
  const counts = Map.groupBy(factors, (factor) => factor);
  for (const [factor, same] of counts)
    if (factor !== undefined && same.length >= AGREEING * ratios.length) return factor;
  return undefined;
}

function factorOf(ratio: number, { right, near }: Band): number | undefined {
  if (ratio >= right[0] && ratio <= right[1]) return undefined;
  return FACTORS.find((factor) => ratio / factor >= near[0] && ratio / factor <= near[1]);
}

/** Of a level of which every part measures power, against the inlets. */
function suspectedSum(
  level: 'phase' | 'branch' | 'outlet',
  points: readonly PointDescription[],
  parts: Map<PartPath, Values>,
): ScaleSuspicion[] {
  const inlets = powersOf('inlet', points, parts);
  const some = powersOf(level, points, parts);
  if (inlets === undefined || some === undefined || some.length < 2) return [];
  const [total, sum] = [inlets, some].map((powers) => powers.reduce((all, power) => all + power, 0)) as [
    number,
    number,
  ];
  if (total < LEAST_TOTAL || sum < LEAST_TOTAL) return [];
  const factor = factorOf(sum / total, TOTAL);
  if (factor === undefined) return [];
  const message = `power.active of all ${some.length} parts of level ${level} together is ${times(factor)} that of the inlet: ${round(sum)} W beside ${round(total)} W`;
  return [{ level, metric: 'power.active', factor, message }];
}

/** W of every part of a level; undefined when one of them has no good value, since then a sum says nothing. */
function powersOf(
  level: Level,
  points: readonly PointDescription[],
  parts: Map<PartPath, Values>,
): number[] | undefined {
  const paths = new Set(
    points.map(({ part }) => part).filter((part) => levelOf(part) === level && !part.includes('/line/')),
  );
  const powers = [...paths].map((path) => parts.get(path)?.get('power.active'));
  return powers.length > 0 && powers.every((power) => power !== undefined) ? powers : undefined;
}

const round = (value: number): number => Number(value.toPrecision(4));

function times(factor: number): string {
  return factor > 1 ? `${round(factor)} times` : `1/${round(1 / factor)} of`;
}
