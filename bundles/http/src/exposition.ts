import type { MetricFamily } from './contract.js';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Prometheus text format 0.0.4. A family that several sources give is written once; a sample that comes twice, and a
 * family whose name is none, are left out, since either would make the scraper refuse everything.
 */
export function exposition(families: Iterable<MetricFamily>): string {
  const merged = new Map<string, { family: MetricFamily; lines: Map<string, string> }>();
  for (const family of families) {
    if (!NAME.test(family.name)) continue;
    const entry = merged.get(family.name) ?? { family, lines: new Map<string, string>() };
    merged.set(family.name, entry);
    for (const sample of family.samples) {
      const key = `${family.name}${labels(sample.labels)}`;
      if (!entry.lines.has(key)) entry.lines.set(key, `${key} ${number(sample.value)}\n`);
    }
  }
  const out: string[] = [];
  for (const { family, lines } of merged.values()) {
    out.push(`# HELP ${family.name} ${family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n`);
    out.push(`# TYPE ${family.name} ${family.type}\n`, ...lines.values());
  }
  return out.join('');
}

function labels(values: Record<string, string>): string {
  const pairs = Object.entries(values)
    .filter(([name, value]) => LABEL.test(name) && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
