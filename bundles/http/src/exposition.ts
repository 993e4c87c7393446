import { setImmediate as breath } from 'node:timers/promises';
import type { MetricFamily } from './contract.js';

export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Samples written in one go; between them other work of the node has its turn. */
const BREATH = 4_000;

/**
 * Prometheus text format 0.0.4. A family that several sources give is written once; a sample that comes twice, and a
 * family whose name is none, are left out, since either would make the scraper refuse everything.
 */
export async function exposition(families: Iterable<MetricFamily>): Promise<string> {
  const merged = new Map<string, { head: string; lines: string[]; seen: Set<string> }>();
  const labels = labelWriter();
  let written = 0;
  for (const { name, help, type, samples } of families) {
    if (!NAME.test(name)) continue;
    let entry = merged.get(name);
    if (!entry) {
      const text = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
      entry = { head: `# HELP ${name} ${text}\n# TYPE ${name} ${type}\n`, lines: [], seen: new Set() };
      merged.set(name, entry);
    }
    for (const sample of samples) {
      const key = name + labels(sample.labels);
      if (entry.seen.has(key)) continue;
      entry.seen.add(key);
      entry.lines.push(`${key} ${number(sample.value)}\n`);
      if (++written % BREATH === 0) await breath();
    }
  }
  return [...merged.values()].map(({ head, lines }) => head + lines.join('')).join('');
}

/** Labels in the order of their names, so that a sample which comes twice reads the same. Most samples have the same names. */
function labelWriter(): (values: Readonly<Record<string, string>>) => string {
  const orders = new Map<string, string[]>();
  return (values) => {
    const names = Object.keys(values);
    const key = names.join();
    let order = orders.get(key);
    if (!order) orders.set(key, (order = names.filter((name) => LABEL.test(name)).sort()));
    let text = '';
    for (const name of order) {
      const value = values[name]!;
      if (value !== '') text += `${text === '' ? '{' : ','}${name}="${escapeLabel(value)}"`;
    }
    return text === '' ? '' : `${text}}`;
  };
}

function escapeLabel(value: string): string {
  if (!/["\\\n]/.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
}
