import { randomUUID } from 'node:crypto';
import type { Profile } from '@rackwatt/device-profiles';
import type {
  DiscoveredDevice,
  Discovery,
  DiscoveryReport,
  DiscoveryRequest,
  DiscoveryStatus,
} from '@rackwatt/telemetry';
import { errorMessage, type Logger, RackwattError } from 'rackwatt';
import { parseCredentials } from '../credentials.js';
import type { AgentGates } from '../gate.js';
import { resolved } from '../host.js';
import { choiceOf } from '../session.js';
import { Ranges } from './ranges.js';
import { Sweep, SWEEP_DEFAULTS, type SweepOptions } from './sweep.js';

interface Run {
  id: string;
  sweep: Sweep;
  devices: DiscoveredDevice[];
  stop: AbortController;
  ended: Promise<void>;
  state: DiscoveryStatus['state'];
  detail?: string;
  started: number;
  endedAt?: number;
}

/** Limits of what may be asked for: beyond them a scan is a flood, or opens more sockets than a process has. */
const LIMITS = {
  rate: { least: 1, most: 2000 },
  inFlight: { least: 1, most: 512 },
  timeout: { least: 50, most: 60_000 },
  retries: { least: 0, most: 10 },
} as const;

/** What a discovery shares with the driver beside which it runs. */
export interface Surroundings {
  /** Of the site, before those that come with Rackwatt. */
  profiles: readonly Profile[];
  gates?: AgentGates;
}

/** Looks for agents on the network, one discovery at a time. */
export class SnmpDiscovery implements Discovery {
  readonly #surroundings: Surroundings;
  readonly #log: Logger | undefined;
  #run: Run | undefined;

  constructor(surroundings: Surroundings = { profiles: [] }, log?: Logger) {
    this.#surroundings = surroundings;
    this.#log = log;
  }

  async start(request: DiscoveryRequest): Promise<DiscoveryStatus> {
    if (this.#run?.state === 'running')
      throw new RackwattError(
        'DISCOVERY_RUNNING',
        'A discovery is under way already: wait for its end, or cancel it.',
        { context: { discovery: this.#run.id } },
      );
    const { ranges, exclude, credentials = [] } = request;
    // Nothing given: what the driver takes for a device without credentials.
    const sets = (credentials.length === 0 ? [undefined] : credentials).map(parseCredentials);
    const places = new Ranges(ranges, exclude);
    for (const name of places.names()) await resolved(name);
    const choice = choiceOf({ profile: 'auto' }, this.#surroundings);
    const { gates } = this.#surroundings;
    const devices: DiscoveredDevice[] = [];
    const sweep = new Sweep(places, { sets, choice, gates }, sweepOptions(request), (device) => devices.push(device));
    const stop = new AbortController();
    const run: Run = {
      id: randomUUID(),
      sweep,
      devices,
      stop,
      state: 'running',
      started: Date.now(),
      ended: Promise.resolve(),
    };
    this.#run = run;
    run.ended = sweep
      .run(stop.signal)
      .then(
        () => {
          run.state = stop.signal.aborted ? 'cancelled' : 'finished';
        },
        (error: unknown) => {
          run.state = 'failed';
          run.detail = `The discovery ended by a fault of its own: ${errorMessage(error)}`;
          this.#log?.error({ error }, run.detail);
        },
      )
      .finally(() => {
        run.endedAt = Date.now();
      });
    this.#log?.info({ hosts: sweep.hosts }, `looking for devices at ${sweep.hosts} hosts`);
    return statusOf(run);
  }

  async report(): Promise<DiscoveryReport | undefined> {
    const run = this.#run;
    return run && { ...statusOf(run), devices: structuredClone(run.devices) };
  }

  async cancel(id: string): Promise<DiscoveryStatus> {
    const run = this.#run;
    if (run?.id !== id)
      throw new RackwattError(
        'DISCOVERY_UNKNOWN',
        `There is no discovery '${id}': another one began since, or none ran.`,
        {
          context: { discovery: id },
        },
      );
    run.stop.abort();
    await run.ended;
    return statusOf(run);
  }

  /** Settles when the one that runs came to its end. */
  async finished(): Promise<void> {
    await this.#run?.ended;
  }

  async close(): Promise<void> {
    this.#run?.stop.abort();
    await this.#run?.ended;
  }
}

function statusOf({ id, state, detail, sweep, started, endedAt }: Run): DiscoveryStatus {
  const { hosts, looked, counts } = sweep;
  return {
    id,
    state,
    ...(detail === undefined ? {} : { detail }),
    hosts,
    looked,
    counts: { ...counts },
    started,
    ...(endedAt === undefined ? {} : { ended: endedAt }),
  };
}

/** @throws `DISCOVERY_RANGE_INVALID` for a limit that would make it a flood */
export function sweepOptions(request: DiscoveryRequest): SweepOptions {
  const options = { ...SWEEP_DEFAULTS };
  for (const [name, { least, most }] of Object.entries(LIMITS) as [
    keyof SweepOptions,
    { least: number; most: number },
  ][]) {
    const value = request[name];
    if (value === undefined) continue;
    if (!Number.isInteger(value) || value < least || value > most)
      throw new RackwattError(
        'DISCOVERY_RANGE_INVALID',
        `${name === 'inFlight' ? 'in flight' : name} is a whole number from ${least} to ${most}, not ${value}.`,
        { context: { [name]: value } },
      );
    options[name] = value;
  }
  return options;
}
