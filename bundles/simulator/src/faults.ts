import type { ProfilePoint } from '@rackwatt/device-profiles';
import { METRICS } from '@rackwatt/telemetry';
import type { AgentFaults, SnmpAgent } from './agent.js';
import { simulatorError } from './errors.js';
import type { GeneratedPdu } from './generated/pdu.js';
import type { PointRow } from './profile/readings.js';
import { fillTemplate } from './profile/template.js';
import { isIntegerType, type SnmpValue, Tag, text, timeTicks } from './snmp/value.js';
import type { Overlay } from './snmp/table.js';

/** What faults act on. */
export interface Faulty {
  agent: SnmpAgent;
  /** What a profile reads of the agent. */
  read: ReadRows;
  /** Of a generated device. */
  pdus: readonly GeneratedPdu[];
  /** Seconds since 1970. */
  now: () => number;
}

/** Rows that a profile reads, and what its OIDs stand under. */
export interface ReadRows {
  readonly base: string;
  rows(): Iterable<PointRow>;
}

type Value = number | string | true;

/** What a fault does while it is in force. */
interface Effect {
  agent?: AgentFaults;
  overlay?: Overlay;
  /** Takes the fault back. */
  heal?: () => void;
}

export interface Fault {
  /** What stands behind its name: nothing, a number with its unit, or what it is confined to. */
  takes: 'nothing' | 'number' | 'part';
  /** Of a number that need not be given. */
  usual?: number;
  what: string;
  start(faulty: Faulty, value: Value): Effect;
}

const ofAgent = (takes: Fault['takes'], what: string, name: keyof AgentFaults): Fault => ({
  takes,
  what,
  start: (_, value) => ({ agent: { [name]: value } }),
});

/** How agents misbehave, one row each. PART is a path such as `outlet/3`, or the beginning of one; without it all are meant. */
export const FAULTS = {
  latency: ofAgent('number', 'ms before each answer', 'latency'),
  jitter: ofAgent('number', 'up to this many ms more, as chance has it', 'jitter'),
  silent: ofAgent('nothing', 'no answers', 'silent'),
  dropEvery: ofAgent('number', 'every n-th request is not answered', 'dropEvery'),
  garbage: ofAgent('nothing', 'answers that are no SNMP', 'garbage'),
  duplicate: ofAgent('nothing', 'each answer twice', 'duplicate'),
  maxMessage: ofAgent('number', 'octets of the largest answer; what does not fit is cut or tooBig', 'maxMessage'),
  mostObjects: ofAgent('number', 'requests for more objects are tooBig', 'mostObjects'),
  unordered: ofAgent('nothing', 'walks go backwards now and then', 'unordered'),
  reboot: {
    takes: 'number',
    usual: 0,
    what: 'restarts, and is silent for so many s: time and sysUpTime begin anew, boots rise',
    start: (faulty, seconds) => reboot(faulty, Number(seconds)),
  },
  lostBoots: {
    takes: 'number',
    usual: 0,
    what: 'the same, but the engine of v3 has forgotten its boots',
    start: (faulty, seconds) => reboot(faulty, Number(seconds), 1),
  },
  missing: {
    takes: 'part',
    what: 'rows are gone, of a part or below an OID',
    start: (faulty, of) => ({
      overlay: { hides: /^[\d.]+$/.test(String(of)) ? below(String(of)) : among(faulty, of) },
    }),
  },
  stuck: { takes: 'part', what: 'values stay as they were', start: stuck },
  sentinel: { takes: 'part', what: 'values are what the family says when it has none', start: sentinel },
  wrongDigits: {
    takes: 'part',
    what: 'active power is ten times too large: its column of digits lies, or the value itself',
    start: wrongDigits,
  },
  wrap: {
    takes: 'number',
    usual: 2 ** 32,
    what: 'counters begin anew at this raw value',
    start: (faulty, size) => counters(faulty, (raw) => raw % BigInt(Number(size))),
  },
  reset: { takes: 'nothing', what: 'counters begin anew now', start: reset },
  stuckRelay: {
    takes: 'nothing',
    what: 'outlets take commands, and nothing happens',
    start: (faulty) => relays(faulty, 'stuck'),
  },
  weldedRelay: {
    takes: 'nothing',
    what: 'outlets tell that they are off, and the current flows on',
    start: (faulty) => relays(faulty, 'welded'),
  },
} as const satisfies Readonly<Record<string, Fault>>;

export type FaultName = keyof typeof FAULTS;

/** Faults by name: `true`, or what stands behind the name. */
export type FaultSettings = { readonly [Name in FaultName]?: Value };

/** The faults in force at one agent. */
export class Faults {
  readonly #faulty: Faulty;
  readonly #running = new Map<FaultName, { value: Value; effect: Effect }>();

  constructor(faulty: Faulty) {
    this.#faulty = faulty;
  }

  get settings(): FaultSettings {
    return Object.fromEntries([...this.#running].map(([name, { value }]) => [name, value]));
  }

  /** Puts exactly these in force; those that already are go on. @throws `SIMULATOR_OPTION_INVALID` */
  set(settings: FaultSettings): void {
    const wanted = Object.entries(settings).map(([name, value]) => checkedFault(name, value));
    for (const [name, { value, effect }] of this.#running) {
      if (wanted.some((each) => each.name === name && each.value === value)) continue;
      this.#running.delete(name);
      effect.heal?.();
    }
    for (const { name, value } of wanted)
      if (!this.#running.has(name)) this.#running.set(name, { value, effect: FAULTS[name].start(this.#faulty, value) });
    const effects = [...this.#running.values()].map(({ effect }) => effect);
    this.#faulty.agent.faults = Object.assign({}, ...effects.map(({ agent }) => agent)) as AgentFaults;
    this.#faulty.agent.table.overlay(effects.flatMap(({ overlay }) => overlay ?? []));
  }
}

/** `silent`, `latency=150`, `missing=outlet/3` -> settings. @throws `SIMULATOR_OPTION_INVALID` */
export function parseFaults(words: readonly string[]): FaultSettings {
  return Object.fromEntries(
    words.map((word) => {
      const [name, ...rest] = word.split('=');
      const given = rest.join('=');
      const { name: known, value } = checkedFault(
        name!,
        given === '' ? true : /^\d+$/.test(given) ? Number(given) : given,
      );
      return [known, value];
    }),
  );
}

function checkedFault(name: string, value: unknown): { name: FaultName; value: Value } {
  if (!Object.hasOwn(FAULTS, name))
    throw simulatorError(
      'SIMULATOR_OPTION_INVALID',
      `There is no fault "${name}": it is one of ${Object.keys(FAULTS).join(', ')}.`,
    );
  const known = name as FaultName;
  const { takes, usual }: Fault = FAULTS[known];
  const given = value === true && usual !== undefined ? usual : value;
  const fits = {
    nothing: given === true,
    number:
      typeof given === 'number' &&
      Number.isSafeInteger(given) &&
      given >= (known === 'wrap' || known === 'dropEvery' ? 1 : 0),
    part: given === true || (typeof given === 'string' && /^[a-z\d][\w./-]*$/i.test(given)),
  }[takes];
  if (fits) return { name: known, value: given as Value };
  const form = {
    nothing: known,
    number: `${known}=NUMBER`,
    part: `${known} or ${known}=PART, such as ${known}=outlet/3`,
  }[takes];
  throw simulatorError(
    'SIMULATOR_OPTION_INVALID',
    `The fault "${known}" is written ${form}, not "${known}=${String(value)}".`,
  );
}

function below(prefix: string): (oid: string) => boolean {
  const under = `${prefix.replace(/\.$/, '')}.`;
  return (oid) => oid === prefix || oid.startsWith(under);
}

const isWithin = (path: string, of: Value): boolean => of === true || path === of || path.startsWith(`${String(of)}/`);

/** Rows of a part, by OID; `where` says which. */
function chosen(
  { read }: Faulty,
  of: Value,
  where: (point: ProfilePoint) => boolean = () => true,
): Map<string, PointRow> {
  const found = new Map<string, PointRow>();
  for (const row of read.rows()) if (isWithin(row.path, of) && where(row.point)) found.set(row.oid, row);
  return found;
}

function among(faulty: Faulty, of: Value): (oid: string) => boolean {
  const rows = chosen(faulty, of);
  return (oid) => rows.has(oid);
}

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';

function reboot({ agent, now }: Faulty, downFor: number, boots?: number): Effect {
  agent.reboot(downFor, boots);
  const started = now();
  return { overlay: { change: (oid, value) => (oid === SYS_UP_TIME ? timeTicks((now() - started) * 100) : value) } };
}

function stuck(faulty: Faulty, of: Value): Effect {
  const rows = chosen(faulty, of);
  const kept = new Map<string, SnmpValue>();
  for (const oid of rows.keys()) kept.set(oid, faulty.agent.table.value(oid)!);
  return { overlay: { change: (oid, value) => kept.get(oid) ?? value } };
}

function sentinel(faulty: Faulty, of: Value): Effect {
  const rows = chosen(
    faulty,
    of,
    ({ noValue, list, states }) => noValue !== undefined && list === undefined && !states,
  );
  return {
    overlay: {
      change(oid, value) {
        const noValue = rows.get(oid)?.point.noValue;
        const raw = noValue === 'negative' ? -1 : noValue?.[0];
        return raw === undefined ? value : typeof raw === 'string' ? text(raw) : { type: Tag.Integer, value: raw };
      },
    },
  };
}

function wrongDigits(faulty: Faulty, of: Value): Effect {
  const lying = new Set<string>();
  const larger = new Set<string>();
  for (const { point, arcs, oid } of chosen(
    faulty,
    of,
    ({ metric, list }) => metric === 'power.active' && list === undefined,
  ).values()) {
    const digits = point.scaleFrom?.find(({ as }) => as === 'decimals');
    const at = digits && fillTemplate(`${faulty.read.base}.${digits.oid}`, arcs);
    if (at !== undefined && Number(faulty.agent.table.value(at)?.value) > 0) lying.add(at);
    else larger.add(oid);
  }
  const plus = (value: SnmpValue, change: (raw: number) => number): SnmpValue =>
    isIntegerType(value.type) ? { type: value.type, value: change(Number(value.value)) } : value;
  return {
    overlay: {
      change: (oid, value) =>
        lying.has(oid) ? plus(value, (raw) => raw - 1) : larger.has(oid) ? plus(value, (raw) => raw * 10) : value,
    },
  };
}

function counters(faulty: Faulty, change: (raw: bigint, oid: string) => bigint): Effect {
  const rows = chosen(faulty, true, ({ metric }) => METRICS[metric].kind === 'counter');
  return {
    overlay: {
      change(oid, { type, value }) {
        if (!rows.has(oid) || !isIntegerType(type)) return { type, value };
        const raw = change(BigInt(value as number | bigint), oid);
        return { type, value: type === Tag.Counter64 ? raw : Number(raw) };
      },
    },
  };
}

function reset(faulty: Faulty): Effect {
  const before = new Map<string, bigint>();
  for (const { oid } of chosen(faulty, true, ({ metric }) => METRICS[metric].kind === 'counter').values()) {
    const { type, value } = faulty.agent.table.value(oid)!;
    if (isIntegerType(type)) before.set(oid, BigInt(value as number | bigint));
  }
  return counters(faulty, (raw, oid) => raw - (before.get(oid) ?? 0n));
}

function relays({ pdus, now }: Faulty, fault: 'stuck' | 'welded'): Effect {
  for (const pdu of pdus) pdu.breakRelays(fault, now());
  return {
    heal() {
      for (const pdu of pdus) pdu.breakRelays(undefined, now());
    },
  };
}
