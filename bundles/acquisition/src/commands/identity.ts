import { identityText, type KnownIdentity } from '@rackwatt/telemetry';
import type { Command, CommandInput } from 'rackwatt';
import { acquisitionError } from '../errors.js';

export const identity: Command = {
  summary: 'who the devices are that the running node reads, and where another unit answers than before',
  commands: {
    list: {
      summary: 'vendor, model and serial of each device, and the questions that are open',
      options: { '--json': 'print JSON' },
      run: list,
    },
    accept: {
      summary:
        'say what it means that another unit answers: "replaced" (its history begins) or "same" (the history goes on)',
      arguments: '<name> <answer>',
      run: accept,
    },
  },
};

async function list(input: CommandInput): Promise<void> {
  const known = (await input.call('device.identities')) as KnownIdentity[];
  if (input.options['json'] === true) return input.stdout.write(`${JSON.stringify(known, undefined, 2)}\n`);
  for (const { device, address, identity: told, question } of known)
    input.stdout.write(
      question ? `? ${question.text}\n` : `  ${device} at ${address}: ${told ? identityText(told) : 'never told'}\n`,
    );
}

async function accept(input: CommandInput): Promise<void> {
  const [device = '', answer = ''] = input.arguments;
  if (answer !== 'replaced' && answer !== 'same')
    throw acquisitionError('DEVICE_SETTINGS_INVALID', `Say "replaced" or "same", not "${answer}".`);
  await input.call('device.identity.accept', { device, answer });
  input.stdout.write(`${device}: ${answer}\n`);
}
