/** A process of generated PDUs: told what to generate by its parent, and gone with it. */
import { errorMessage, errorRecord } from 'rackwatt';
import type { Faults } from './faults.js';
import { generatedAgent } from './generated/agent.js';
import type { Assignment, FromChild, HallPdu, ToChild } from './hall.js';

const faultsOf = new Map<string, Faults>();

process.on('disconnect', () => process.exit());
process.on('message', (message: ToChild) => {
  void take(message).then(say, (error: unknown) =>
    say({ type: 'failed', error: errorRecord(error), ...(message.type === 'faults' ? { id: message.id } : {}) }),
  );
});

async function take(message: ToChild): Promise<FromChild> {
  if (message.type === 'start') return { type: 'listening', pdus: await start(message.assignment) };
  for (const name of message.names) faultsOf.get(name)?.set(message.faults);
  return { type: 'done', id: message.id };
}

async function start({
  pdus,
  seed = 'hall',
  outlets = 24,
  phases = 1,
  load = 'typical',
  ...rest
}: Assignment): Promise<Omit<HallPdu, 'process'>[]> {
  const listening: Omit<HallPdu, 'process'>[] = [];
  for (const { name, family, port } of pdus) {
    const { agent, faults, serial } = generatedAgent({
      ...rest,
      family,
      port,
      outlets,
      phases,
      load,
      seed: `${seed}/${name}`,
    });
    await agent.start();
    faultsOf.set(name, faults);
    listening.push({ name, family, serial, address: agent.address });
  }
  return listening;
}

function say(message: FromChild): void {
  // A parent that went away meanwhile takes this process with it.
  if (process.connected) process.send!(message, undefined, undefined, (gone) => void errorMessage(gone));
}
