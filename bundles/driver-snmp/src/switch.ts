import type { ProfileSwitch, ProfileWrite } from '@rackwatt/device-profiles';
import type { Command, Commands, WriteStep } from './layout.js';
import type { Bindings } from './oid.js';
import { type Found, objectAt, patternOf } from './row.js';
import { numberOf } from './values.js';

export function* columnsOfSwitch(commands: ProfileSwitch | undefined): Generator<string> {
  if (commands?.only) yield commands.only.oid;
}

/** What switches a part; undefined when the device says that it cannot be, or a name of its OIDs is missing. */
export function commandsOf(found: Found, commands: ProfileSwitch, bindings: Bindings): Commands | undefined {
  const { only, on, off, cycle } = commands;
  if (only) {
    const said = objectAt(found, only.oid, bindings);
    if (!said || !only.values.includes(numberOf(said))) return undefined;
  }
  const filled = { on: commandOf(found, on, bindings), off: commandOf(found, off, bindings) };
  if (!filled.on || !filled.off) return undefined;
  const cycled = cycle && commandOf(found, cycle, bindings);
  return { on: filled.on, off: filled.off, ...(cycled ? { cycle: cycled } : {}) };
}

function commandOf(found: Found, write: ProfileWrite, bindings: Bindings): Command | undefined {
  const step = stepOf(found, write, bindings);
  const first = (write.first ?? []).map((before) => stepOf(found, before, bindings));
  const item = Number(bindings['item']);
  if (!step || !first.every((before) => before !== undefined)) return undefined;
  return { ...step, first, ...(write.list === undefined ? {} : { list: { separator: write.list, item } }) };
}

function stepOf(found: Found, { oid, value, type }: ProfileWrite, bindings: Bindings): WriteStep | undefined {
  const at = patternOf(found.profile, oid).fill(bindings);
  return at === undefined
    ? undefined
    : { oid: at, value, type: type ?? (typeof value === 'string' ? 'text' : 'integer') };
}
