import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { component, errorMessage, type Logger } from 'rackwatt';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { generatedAgent } from './agent.js';
import { LOADS, type OutletMemory } from './pdu.js';

const PID = 'rackwatt.simulator.pdu';

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
    latency: Type.Integer({
      title: 'Latency',
      description: 'Milliseconds before each answer',
      minimum: 0,
      maximum: 10_000,
      default: 0,
    }),
  },
  {
    title: 'Generated PDU',
    description: 'An SNMP agent that answers as a rack PDU would',
    additionalProperties: false,
  },
);

/** One for each `rackwatt.simulator.pdu~NAME`. */
export const generatedPdu = component({
  name: PID,
  configuration: { policy: 'require', schema: GeneratedPduSchema },
  async activate({ config, context, log, scope }) {
    const name = context.pid?.slice(PID.length + 1) || 'pdu';
    const file = join(context.dataFolder(), `${encodeURIComponent(name)}.json`);
    const memory = recall(file, log);
    const { family, host, port, outlets, phases, seed = name, load, community, latency } = config;
    const { agent, serial } = generatedAgent({
      family,
      host,
      port,
      outlets,
      phases,
      seed,
      load,
      communities: [community],
      faults: { latency },
      ...(memory ? { memory } : {}),
      switched: (state) => remember(file, state, log),
    });
    await agent.start();
    scope.own(`agent at ${agent.address}`, agent);
    log.info({ address: agent.address, family, serial }, `${family} ${serial} answers at ${agent.address}`);
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
