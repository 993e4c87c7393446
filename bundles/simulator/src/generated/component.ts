import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { component, errorMessage, type Logger } from 'rackwatt';
import { type Static, type TSchema, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type Fault, FAULTS } from '../faults.js';
import { type GeneratedAgent, generatedAgent } from './agent.js';
import { LOADS, type OutletMemory } from './pdu.js';

const PID = 'rackwatt.simulator.pdu';

function settingOf({ takes, what }: Fault): TSchema {
  const flag = Type.Literal(true);
  const description = { description: what };
  if (takes === 'nothing') return Type.Literal(true, description);
  return takes === 'number'
    ? Type.Union([Type.Integer({ minimum: 0 }), flag], description)
    : Type.Union([Type.String({ minLength: 1 }), flag], description);
}

/** Configuration of one generated PDU, `rackwatt.simulator.pdu~NAME`. */
export const GeneratedPduSchema = Type.Object(
  {
    family: Type.String({
      title: 'Family',
      description: 'Name of the profile whose PDU it answers as',
      pattern: '^[a-z0-9-]+$',
      examples: ['apc-rpdu2', 'raritan-px', 'eaton-epdu'],
    }),
    host: Type.String({ title: 'Host', description: 'Address to listen on', default: '127.0.0.1', minLength: 1 }),
    port: Type.Integer({
      title: 'Port',
      description: 'UDP port; 0 takes a free one',
      minimum: 0,
      maximum: 65_535,
      examples: [16101],
    }),
    outlets: Type.Integer({ title: 'Outlets', description: 'Number of outlets', minimum: 1, maximum: 96, default: 24 }),
    phases: Type.Union([Type.Literal(1), Type.Literal(3)], {
      title: 'Phases',
      description: 'Single-phase or three-phase (wye)',
      default: 1,
    }),
    seed: Type.Optional(
      Type.String({
        title: 'Seed',
        description: 'PDUs of one seed are alike; the name of the configuration unless given',
        minLength: 1,
        maxLength: 100,
      }),
    ),
    load: Type.Enum(Object.keys(LOADS) as (keyof typeof LOADS)[], {
      title: 'Load',
      description: 'How much its outlets draw',
      default: 'typical',
    }),
    community: Type.String({
      title: 'Community',
      description: 'Community of SNMP v1 and v2c',
      default: 'public',
      minLength: 1,
    }),
    faults: Type.Optional(
      Type.Object(
        Object.fromEntries(Object.entries(FAULTS).map(([name, fault]) => [name, Type.Optional(settingOf(fault))])),
        {
          title: 'Faults',
          description: 'How it misbehaves; a change acts while it runs',
          additionalProperties: false,
          examples: [{ latency: 150, dropEvery: 10 }],
        },
      ),
    ),
  },
  {
    title: 'Generated PDU',
    description: 'An SNMP agent that answers as a rack PDU would',
    additionalProperties: false,
  },
);

type Configuration = Static<typeof GeneratedPduSchema>;

/** The agent of one configuration; it restarts where something else than its faults changes. */
class ConfiguredPdu {
  readonly #name: string;
  readonly #file: string;
  readonly #log: Logger;
  #config: Configuration | undefined;
  #generated: GeneratedAgent | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(name: string, file: string, log: Logger) {
    this.#name = name;
    this.#file = file;
    this.#log = log;
  }

  /** Takes a configuration; when that fails, the one before is in force again. */
  configure(config: Configuration): Promise<void> {
    const before = this.#turn;
    const done = (async () => {
      await before;
      await this.#take(config);
    })();
    this.#turn = done.catch((error: unknown) => void errorMessage(error)); // Told to who asked; the next one comes all the same.
    return done;
  }

  async #take(config: Configuration): Promise<void> {
    const { faults = {}, ...rest } = config;
    const { faults: _, ...restBefore } = this.#config ?? {};
    const before = this.#config;
    if (this.#generated && isDeepStrictEqual(rest, restBefore)) {
      this.#generated.faults.set(faults);
    } else {
      const generated = this.#generate(config);
      await this.close();
      try {
        await this.#open(generated, config);
      } catch (error) {
        if (before) await this.#open(this.#generate(before), before);
        throw error;
      }
    }
    this.#config = config;
  }

  #generate({ seed = this.#name, community, faults = {}, ...options }: Configuration): GeneratedAgent {
    const memory = recall(this.#file, this.#log);
    const switched = (state: OutletMemory[]) => remember(this.#file, state, this.#log);
    return generatedAgent({
      ...options,
      seed,
      faults,
      communities: [community],
      switched,
      ...(memory ? { memory } : {}),
    });
  }

  async #open(generated: GeneratedAgent, { family }: Configuration): Promise<void> {
    const { agent, serial } = generated;
    await agent.start();
    this.#generated = generated;
    this.#log.info({ address: agent.address, family, serial }, `${family} ${serial} answers at ${agent.address}`);
  }

  async close(): Promise<void> {
    await this.#generated?.agent.close();
    this.#generated = undefined;
  }
}

/** One for each `rackwatt.simulator.pdu~NAME`. */
export const generatedPdu = component({
  name: PID,
  configuration: { policy: 'require', schema: GeneratedPduSchema },
  async activate({ config, context, log, scope }) {
    const name = context.pid?.slice(PID.length + 1) || 'pdu';
    const pdu = new ConfiguredPdu(name, join(context.dataFolder(), `${encodeURIComponent(name)}.json`), log);
    scope.add(`agent of ${name}`, () => pdu.close());
    await pdu.configure(config);
    return pdu;
  },
  async modified({ config }, pdu) {
    await pdu.configure(config);
  },
});

const Memory = Type.Array(Type.Object({ on: Type.Boolean(), missed: Type.Number(), offSince: Type.Number() }));

function recall(file: string, log: Logger): OutletMemory[] | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return Value.Parse(Memory, JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    log.warn({ file }, `${file} is not what outlets remember, so they start anew: ${errorMessage(error)}`);
    return undefined;
  }
}

function remember(file: string, memory: OutletMemory[], log: Logger): void {
  try {
    writeFileSync(`${file}.part`, JSON.stringify(memory));
    renameSync(`${file}.part`, file);
  } catch (error) {
    log.warn({ file }, `the outlets' states will not outlive a restart: ${errorMessage(error)}`);
  }
}
