/** `node test/dist/device-profiles/supported.js`: writes docs/supported-devices.md from the profiles. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { profiles } from '@rackwatt/device-profiles';
import { checkout } from '../support/node.js';

interface Listed {
  name: string;
  title: string;
  vendor: string;
  evidence: 'recording' | 'facts';
  sysObjectId: string[];
  measures: Record<string, string[]>;
  switches: boolean;
  thresholds: boolean;
  notifications: number;
}

const require = createRequire(import.meta.url);
const { listed } = require('@rackwatt/driver-snmp/dist/commands/profile.js') as {
  listed: (profile: ReturnType<typeof profiles>[number]) => Listed;
};

export const PAGE = join(checkout, 'docs/supported-devices.md');

/** How metrics are called in the table, where their name is long. */
const SHORT: Readonly<Record<string, string>> = {
  'power.active': 'W',
  'power.apparent': 'VA',
  'power.reactive': 'var',
  'power.factor': 'PF',
  'current.rms': 'A',
  'current.residual': 'residual A',
  'current.residual.dc': 'residual DC',
  'current.crest': 'crest',
  'current.thd': 'THD A',
  'voltage.rms': 'V',
  'voltage.thd': 'THD V',
  frequency: 'Hz',
  'energy.active': 'Wh',
  'energy.apparent': 'VAh',
  'energy.reactive': 'varh',
  'unbalance.current': 'unbalance',
  'unbalance.voltage': 'unbalance V',
  'load.percent': 'load %',
  'humidity.relative': 'humidity',
  'pressure.differential': 'pressure',
};

const COLUMNS = [['unit', 'inlet'], ['phase'], ['branch'], ['outlet', 'pole'], ['sensor']];

export function page(): string {
  const all = profiles()
    .map(listed)
    .toSorted((a, b) => compare(a.vendor, b.vendor) || compare(a.name, b.name));
  const recorded = all.filter(({ evidence }) => evidence === 'recording').length;
  const rows = all.map((each) => {
    const cells = COLUMNS.map((levels) => measured(levels.flatMap((level) => each.measures[level] ?? [])));
    const more = [
      each.switches ? 'switching' : '',
      each.thresholds ? 'limits' : '',
      each.notifications > 0 ? `${each.notifications} notifications` : '',
    ].filter((word) => word !== '');
    return [each.vendor, each.title, `\`${each.name}\``, ...cells, more.join(', '), each.evidence];
  });
  const head = ['vendor', 'models', 'profile', 'inlet', 'phases', 'branches', 'outlets', 'sensors', 'more', 'evidence'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `# Supported devices

${all.length} families over SNMP, each a [profile](profiles.md); \`rackwatt profile list\` prints them, with those of your own. What a row names is read where the device has it.

*Evidence*: \`recording\` (${recorded}): seen to read a recorded device right; \`facts\`: made from the maker's MIB, each OID checked against it, and read back from a generated device.

${lines.join('\n')}

Anything else that speaks ENTITY-SENSOR-MIB or RFC 7460 is read by those; the rest says what it is, and can be [described](profiles.md).
`;
}

function measured(metrics: string[]): string {
  const states = metrics.filter((metric) => metric.startsWith('state.')).map((metric) => metric.slice('state.'.length));
  const values = metrics.filter((metric) => !metric.startsWith('state.')).map((metric) => SHORT[metric] ?? metric);
  const words = [...new Set([...values, ...states.map((state) => `*${state}*`)])];
  return words.join(', ');
}

const compare = (a: string, b: string): number =>
  a.toLowerCase() < b.toLowerCase() ? -1 : a.toLowerCase() > b.toLowerCase() ? 1 : 0;

export const written = (): string => readFileSync(PAGE, 'utf8');

if (process.argv[1] === import.meta.filename) writeFileSync(PAGE, page());
