import { RackwattError } from 'rackwatt';
import type { Command, WriteStep } from './layout.js';
import type { SnmpLink } from './link.js';
import { Tag } from './snmp/ber.js';
import { textOf } from './values.js';

const TYPES: Readonly<Record<WriteStep['type'], number>> = {
  integer: Tag.Integer,
  unsigned: Tag.Gauge32,
  text: Tag.OctetString,
};

/** Writes what a command says: first what unlocks it, then the command, within a list when the object is one. */
export async function write(link: SnmpLink, command: Command, deadline: number): Promise<void> {
  for (const step of command.first) await set(link, step, deadline);
  const { list } = command;
  if (list === undefined) return set(link, command, deadline);
  const [varbind] = await link.get([command.oid], deadline);
  const items = textOf(varbind).split(list.separator);
  if (items[list.item - 1] === undefined)
    throw new RackwattError('DEVICE_REFUSED', `${link.endpoint.text} no longer has an item ${list.item} to switch.`, {
      context: { address: link.endpoint.text, item: list.item },
    });
  items[list.item - 1] = String(command.value);
  await set(link, { ...command, value: items.join(list.separator), type: 'text' }, deadline);
}

async function set(link: SnmpLink, { oid, value, type }: WriteStep, deadline: number): Promise<void> {
  await link.set(oid, TYPES[type], value, deadline);
}
