/** How a metric is shown: name, unit, digits, and what the API's value is multiplied by for it. */
export interface MetricView {
  name: string;
  short: string;
  unit: string;
  digits: number;
  factor?: number;
}

export const METRIC_VIEWS: Readonly<Record<string, MetricView>> = {
  'state.outlet': { name: 'State', short: 'State', unit: '', digits: 0 },
  'state.breaker': { name: 'Breaker', short: 'Breaker', unit: '', digits: 0 },
  'state.load': { name: 'Load state', short: 'Load', unit: '', digits: 0 },
  'state.contact': { name: 'Contact', short: 'Contact', unit: '', digits: 0 },
  'state.sensor': { name: 'Sensor state', short: 'State', unit: '', digits: 0 },
  'power.active': { name: 'Active power', short: 'Power', unit: 'W', digits: 0 },
  'current.rms': { name: 'Current', short: 'Current', unit: 'A', digits: 2 },
  'voltage.rms': { name: 'Voltage', short: 'Voltage', unit: 'V', digits: 1 },
  'energy.active': { name: 'Active energy', short: 'Energy', unit: 'kWh', digits: 1, factor: 0.001 },
  'power.apparent': { name: 'Apparent power', short: 'Apparent', unit: 'VA', digits: 0 },
  'power.reactive': { name: 'Reactive power', short: 'Reactive', unit: 'var', digits: 0 },
  'power.factor': { name: 'Power factor', short: 'PF', unit: '', digits: 2 },
  'load.percent': { name: 'Load', short: 'Load', unit: '%', digits: 1 },
  frequency: { name: 'Frequency', short: 'Freq.', unit: 'Hz', digits: 2 },
  temperature: { name: 'Temperature', short: 'Temp.', unit: '°C', digits: 1 },
  'humidity.relative': { name: 'Relative humidity', short: 'Humidity', unit: '%', digits: 0 },
  dewpoint: { name: 'Dew point', short: 'Dew point', unit: '°C', digits: 1 },
  'current.residual': { name: 'Residual current', short: 'Residual', unit: 'mA', digits: 1, factor: 1000 },
  'current.crest': { name: 'Crest factor', short: 'Crest', unit: '', digits: 2 },
  'current.thd': { name: 'Distortion of the current', short: 'THD I', unit: '%', digits: 1 },
  'voltage.thd': { name: 'Distortion of the voltage', short: 'THD V', unit: '%', digits: 1 },
  'energy.apparent': { name: 'Apparent energy', short: 'App. energy', unit: 'kVAh', digits: 1, factor: 0.001 },
  'unbalance.current': { name: 'Unbalance of the currents', short: 'Unbal. I', unit: '%', digits: 1 },
  'unbalance.voltage': { name: 'Unbalance of the voltages', short: 'Unbal. V', unit: '%', digits: 1 },
  'count.switch': { name: 'Switching operations', short: 'Switched', unit: '', digits: 0 },
  'pressure.differential': { name: 'Differential pressure', short: 'Pressure', unit: 'Pa', digits: 1 },
  airflow: { name: 'Air velocity', short: 'Air', unit: 'm/s', digits: 2 },
};

/** Order of columns: as in the table above. */
export const METRIC_ORDER = Object.keys(METRIC_VIEWS);

export const metricView = (metric: string): MetricView =>
  METRIC_VIEWS[metric] ?? { name: metric, short: metric, unit: '', digits: 2 };

export const NONE = '–';

/** `12345.678` -> `12 345.7`, grouped by thin spaces. */
export function decimal(value: number | null, digits: number): string {
  if (value === null) return NONE;
  const [whole = '', fraction] = Math.abs(value).toFixed(digits).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  const text = fraction === undefined ? grouped : `${grouped}.${fraction}`;
  return value < 0 && Number(value.toFixed(digits)) !== 0 ? `\u2212${text}` : text;
}

export function metricText(metric: string, value: number | null): string {
  const { digits, factor = 1 } = metricView(metric);
  return decimal(value === null ? null : value * factor, digits);
}

const STEPS: readonly [limit: number, divisor: number, unit: string][] = [
  [60_000, 1000, 's'],
  [3_600_000, 60_000, 'min'],
  [172_800_000, 3_600_000, 'h'],
  [Number.POSITIVE_INFINITY, 86_400_000, 'd'],
];

export function ageText(age: number): string {
  const [, divisor, unit] = STEPS.find(([limit]) => age < limit)!;
  return `${Math.max(0, Math.floor(age / divisor))} ${unit}`;
}

const clockFormat = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
export const timeText = (time: number) => clockFormat.format(time);
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });
export const compareText = (a: string, b: string) => collator.compare(a, b);

/** `inlet/1/phase/L1` -> `Inlet 1, phase L1`. */
export function partText(path: string): string {
  if (path === 'unit') return 'Device';
  const words = path.split('/');
  const text = words
    .reduce<string[]>((pairs, word, index) => {
      if (index % 2 === 0) pairs.push(word);
      else pairs.push(`${pairs.pop()} ${word}`);
      return pairs;
    }, [])
    .join(', ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
