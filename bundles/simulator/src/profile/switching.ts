import type { ProfileSwitch, ProfileWrite } from '@rackwatt/device-profiles';
import { ErrorStatus } from '../snmp/pdu.js';
import type { WriteHandler } from '../snmp/requests.js';
import { isIntegerType, type SnmpValue, Tag } from '../snmp/value.js';
import type { PointRow } from './readings.js';
import { fillTemplate } from './template.js';

export type Effect = 'on' | 'off' | 'cycle';

const EFFECTS = ['on', 'off', 'cycle'] as const;

/** What a SET does to a part. */
interface Command<Target> {
  target: Target;
  effect: Effect;
  write: ProfileWrite;
  /** What has to be written before, by OID. */
  unlock: readonly (readonly [oid: string, value: string])[];
  /** Place within a list, from 1. */
  item: number;
}

/** A part that its profile says how to switch. */
export interface Switched<Target> extends Pick<PointRow, 'arcs'> {
  target: Target;
  commands: ProfileSwitch;
}

/** The objects that switch the parts of a device, by what its profile says. */
export class Switching<Target> {
  readonly #commands = new Map<string, Command<Target>[]>();
  /** Values of objects that unlock a command. */
  readonly #unlocking = new Map<string, Set<string>>();
  readonly #unlocked = new Map<string, string>();
  readonly #act: (target: Target, effect: Effect, oid: string, value: SnmpValue) => void;
  readonly #list: (oid: string) => string;

  /**
   * @param base what the profile's OIDs stand under
   * @param act switches a part; told which object was written
   * @param list text of an object that is a list
   */
  constructor(
    base: string,
    parts: Iterable<Switched<Target>>,
    act: (target: Target, effect: Effect, oid: string, value: SnmpValue) => void,
    list: (oid: string) => string,
  ) {
    this.#act = act;
    this.#list = list;
    for (const part of parts) for (const effect of EFFECTS) this.#add(base, part, effect);
  }

  #add(base: string, { target, commands, arcs }: Switched<Target>, effect: Effect): void {
    const write = commands[effect];
    const oid = write && fillTemplate(`${base}.${write.oid}`, arcs);
    if (!write || oid === undefined) return;
    const unlock = (write.first ?? []).map(
      (first) => [fillTemplate(`${base}.${first.oid}`, arcs)!, String(first.value)] as const,
    );
    for (const [first, value] of unlock)
      this.#unlocking.set(first, (this.#unlocking.get(first) ?? new Set()).add(value));
    const there = this.#commands.get(oid) ?? [];
    there.push({ target, effect, write, unlock, item: Number(arcs['item'] ?? 1) });
    this.#commands.set(oid, there);
  }

  /** Takes a SET of a command or of what unlocks one; undefined of every other object. */
  write: (oid: string, value: SnmpValue) => ReturnType<WriteHandler> | undefined = (oid, value) => {
    const commands = this.#commands.get(oid);
    const unlocks = this.#unlocking.get(oid);
    if (!commands) {
      if (!unlocks) return undefined;
      if (!unlocks.has(plain(value))) return { error: ErrorStatus.wrongValue };
      return { commit: () => void this.#unlocked.set(oid, plain(value)) };
    }
    if (!commands.some(({ write }) => typeOf(write) === kindOf(value))) return { error: ErrorStatus.wrongType };
    const asked = this.#asked(commands, oid, value);
    if (!asked) return { error: ErrorStatus.wrongValue };
    if (!asked.every(({ unlock }) => unlock.every(([first, needed]) => this.#unlocked.get(first) === needed)))
      return { error: ErrorStatus.inconsistentValue };
    return {
      commit: () => {
        for (const { target, effect, unlock } of asked) {
          for (const [first] of unlock) this.#unlocked.delete(first);
          this.#act(target, effect, oid, value);
        }
      },
    };
  };

  /** Commands that a value stands for; of a list those whose item it changes. */
  #asked(commands: readonly Command<Target>[], oid: string, value: SnmpValue): Command<Target>[] | undefined {
    const separator = commands[0]!.write.list;
    const given = plain(value);
    if (separator === undefined) {
      const found = commands.find(({ write }) => String(write.value) === given);
      return found && [found];
    }
    const before = this.#list(oid).split(separator);
    const after = given.split(separator);
    if (after.length !== before.length) return undefined;
    return after.flatMap((item, i) =>
      item === before[i]
        ? []
        : commands.filter((command) => command.item === i + 1 && String(command.write.value) === item),
    );
  }
}

const plain = ({ value }: SnmpValue): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);

type Kind = NonNullable<ProfileWrite['type']>;

const typeOf = ({ type, value, list }: ProfileWrite): Kind =>
  list === undefined ? (type ?? (typeof value === 'string' ? 'text' : 'integer')) : 'text';

const kindOf = ({ type }: SnmpValue): Kind | undefined =>
  type === Tag.Integer ? 'integer' : isIntegerType(type) ? 'unsigned' : type === Tag.OctetString ? 'text' : undefined;
