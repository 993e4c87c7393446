/** One measured value; the name of a peer as subject for what stood beside. */
export interface Figure {
  metric: string;
  value: number;
  unit: string;
  subject: string;
}

export type Print = (figure: Figure) => void;

export interface BenchOptions {
  /** Fewer rounds: for seeing that a bench runs, not for figures to keep. */
  quick: boolean;
}

export const SUBJECT = 'rackwatt' as const;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}

/** Slope of the least squares through `[x, y]`. */
export function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  return covariance / points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
}

/** To four digits, or whole above 10,000. */
export function rounded(value: number): number {
  return Math.abs(value) >= 10_000 ? Math.round(value) : Number(value.toPrecision(4));
}
