import { isIP, isIPv4 } from 'node:net';
import { RackwattError } from 'rackwatt';

/** A host to look at. */
export interface Place {
  host: string;
  port: number;
}

const PORT = 161;
/** A /16: at a hundred hosts a second eleven minutes. */
export const MOST_HOSTS = 65_536;

/** IPv4 addresses as numbers, both ends included. */
type Interval = readonly [from: number, to: number];

type Parsed = { interval: Interval; port: number | undefined } | { host: string; port: number | undefined };

/** Hosts of ranges without those of exclusions, each once, in order; held as intervals, however many they are. */
export class Ranges {
  readonly count: number;
  readonly #intervals: { port: number; interval: Interval }[];
  readonly #hosts: Place[];

  /** @throws `DISCOVERY_RANGE_INVALID`, `DISCOVERY_TOO_LARGE` */
  constructor(ranges: readonly string[], exclude: readonly string[] = []) {
    if (ranges.length === 0) throw invalid('nothing', 'say where to look');
    const wanted = ranges.map(parse);
    const out = exclude.map(parse);
    const ports = Map.groupBy(
      wanted.filter((each) => 'interval' in each),
      ({ port = PORT }) => port,
    );
    this.#intervals = [...ports].flatMap(([port, parsed]) => {
      const left = out.filter((each) => 'interval' in each && (each.port ?? port) === port);
      const without = left.flatMap((each) => ('interval' in each ? [each.interval] : []));
      return minus(merged(parsed.map(({ interval }) => interval)), merged(without)).map((interval) => ({
        port,
        interval,
      }));
    });
    const hosts = new Map<string, Place>();
    for (const each of wanted) {
      if (!('host' in each)) continue;
      const place = { host: each.host, port: each.port ?? PORT };
      const isOut = out.some(
        (other) => 'host' in other && other.host === place.host && (other.port ?? place.port) === place.port,
      );
      if (!isOut) hosts.set(`${place.host} ${place.port}`, place);
    }
    this.#hosts = [...hosts.values()];
    this.count = this.#intervals.reduce((sum, { interval: [from, to] }) => sum + to - from + 1, this.#hosts.length);
    if (this.count > MOST_HOSTS)
      throw new RackwattError(
        'DISCOVERY_TOO_LARGE',
        `These ranges hold ${this.count} hosts, more than the ${MOST_HOSTS} of a /16: name the networks in which the PDUs are.`,
        { context: { hosts: this.count } },
      );
    if (this.count === 0) throw invalid(ranges.join(' '), 'nothing is left of it without the exclusions');
  }

  /** Hosts that are written as names. */
  names(): string[] {
    return this.#hosts.map(({ host }) => host).filter((host) => isIP(host.split('%')[0]!) === 0);
  }

  *[Symbol.iterator](): Generator<Place> {
    for (const { port, interval } of this.#intervals)
      for (let number = interval[0]; number <= interval[1]; number++) yield { host: dotted(number), port };
    yield* this.#hosts;
  }
}

function parse(text: string): Parsed {
  const given = text.trim().replace(/^snmp:\/\//, '');
  const bracketed = /^\[([^\]]+)\](?::(\d{1,5}))?$/.exec(given);
  const [host, port] = bracketed
    ? [bracketed[1]!, portOf(text, bracketed[2])]
    : isIP(given) === 6
      ? [given, undefined]
      : withPort(text, given);
  if (isIP(host.split('/')[0]!.split('%')[0]!) === 6) {
    if (host.includes('/')) throw invalid(text, 'an IPv6 network is too large to look through; name its hosts');
    return { host: host.toLowerCase(), port };
  }
  if (bracketed) throw invalid(text, 'only an IPv6 address stands in brackets');
  const network = /^(.+)\/(\d{1,2})$/.exec(host);
  if (network) return { interval: networkOf(text, network[1]!, Number(network[2])), port };
  const range = /^([\d.]+)-([\d.]+)$/.exec(host);
  if (range) return { interval: rangeOf(text, range[1]!, range[2]!), port };
  if (isIPv4(host)) return { interval: [numberOf(host), numberOf(host)], port };
  if (!/^(?![\d.]+$)[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$/.test(host))
    throw invalid(
      text,
      'write 192.0.2.0/24, 192.0.2.10-50, 192.0.2.7 or [2001:db8::7], with :PORT behind it where it is not 161',
    );
  return { host: host.toLowerCase(), port };
}

function withPort(text: string, given: string): [string, number | undefined] {
  const [, host = given, port] = /^(.*?)(?::(\d{1,5}))?$/.exec(given) ?? [];
  return [host, portOf(text, port)];
}

function portOf(text: string, port: string | undefined): number | undefined {
  if (port === undefined) return undefined;
  const number = Number(port);
  if (number < 1 || number > 65_535) throw invalid(text, 'a port is a number from 1 to 65535');
  return number;
}

/** Without the addresses of the network itself and of broadcast, which a packet to would wake everybody. */
function networkOf(text: string, address: string, length: number): Interval {
  if (!isIPv4(address) || length > 32) throw invalid(text, 'a network is such as 192.0.2.0/24');
  const size = 2 ** (32 - length);
  const first = Math.floor(numberOf(address) / size) * size;
  return size <= 2 ? [first, first + size - 1] : [first + 1, first + size - 2];
}

function rangeOf(text: string, from: string, to: string): Interval {
  const last = /^\d{1,3}$/.test(to) ? `${from.slice(0, from.lastIndexOf('.') + 1)}${to}` : to;
  if (!isIPv4(from) || !isIPv4(last)) throw invalid(text, 'a range is such as 192.0.2.10-192.0.2.50 or 192.0.2.10-50');
  const interval = [numberOf(from), numberOf(last)] as const;
  if (interval[0] > interval[1]) throw invalid(text, 'it ends before it begins');
  return interval;
}

const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

export const dotted = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');

function merged(intervals: readonly Interval[]): Interval[] {
  const result: [number, number][] = [];
  for (const [from, to] of intervals.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else result.push([from, to]);
  }
  return result;
}

/** Both merged. */
function minus(intervals: readonly Interval[], out: readonly Interval[]): Interval[] {
  return intervals.flatMap(([begin, to]) => {
    const left: Interval[] = [];
    let from = begin;
    for (const [outFrom, outTo] of out) {
      if (outTo < from || outFrom > to) continue;
      if (outFrom > from) left.push([from, outFrom - 1]);
      from = outTo + 1;
    }
    if (from <= to) left.push([from, to]);
    return left;
  });
}

function invalid(text: string, advice: string): RackwattError {
  return new RackwattError('DISCOVERY_RANGE_INVALID', `'${text}' cannot be looked through: ${advice}.`, {
    context: { range: text },
  });
}
