import type { Varbind } from './snmp/varbind.js';
import { garbage, STATUS, statusOf } from './errors.js';
import type { SnmpLink } from './link.js';
import { compareOids, isUnder } from './oid.js';
import { isAbsent, numberOf } from './values.js';

const OCTET_STRING = 4;
const COUNTER64 = 70;
const REPETITIONS = 25;
/** More objects than any PDU has. */
const MOST_OBJECTS = 500_000;

/**
 * Every object under `root`, in order.
 * @throws RackwattError `DEVICE_GARBAGE` when the agent goes backwards or never ends; else what the link throws
 */
export async function* walkTree(link: SnmpLink, root: string, time: () => number): AsyncGenerator<Varbind> {
  let at = root;
  let count = 0;
  let repetitions = REPETITIONS;
  for (;;) {
    let varbinds: Varbind[];
    try {
      varbinds =
        link.security.version === 1
          ? await link.next([at], time())
          : ((await link.bulk([at], repetitions, time()))[0] ?? []);
    } catch (error) {
      const status = statusOf(error);
      if (status === STATUS.noSuchName) return;
      if (status === undefined || repetitions === 1) throw error;
      repetitions = Math.ceil(repetitions / 2);
      continue;
    }
    if (varbinds.length === 0) throw garbage(link.endpoint.text, `nothing after ${at}`);
    for (const varbind of varbinds) {
      if (isAbsent(varbind) || !isUnder(varbind.oid, root)) return;
      if (compareOids(varbind.oid, at) <= 0)
        throw garbage(link.endpoint.text, `${varbind.oid} comes after ${at}, which goes backwards`);
      at = varbind.oid;
      if (++count > MOST_OBJECTS) throw garbage(link.endpoint.text, `the tree ${root} does not end`);
      yield varbind;
    }
  }
}

/** One line of a recording (snmprec): `OID|TYPE|VALUE`, TYPE the ASN.1 tag in decimal, an `x` behind it when VALUE is hex. */
export function recordingLine(varbind: Varbind): string {
  const { oid, type, value } = varbind;
  if (!Buffer.isBuffer(value)) return `${oid}|${type}|${value ?? ''}\n`;
  if (type === COUNTER64)
    return `${oid}|${type}|${numberOf(varbind) > Number.MAX_SAFE_INTEGER ? BigInt(`0x${value.toString('hex')}`) : numberOf(varbind)}\n`;
  const text = value.toString('latin1');
  const printable = type === OCTET_STRING && /^[\x20-\x7e]*$/.test(text) && text === text.trim();
  return printable ? `${oid}|${type}|${text}\n` : `${oid}|${type}x|${value.toString('hex')}\n`;
}

/** Trees worth recording of a device: what it says of itself, and its maker's own. */
export function treesOf(sysObjectId: string): string[] {
  const system = '1.3.6.1.2.1.1';
  const enterprises = '1.3.6.1.4.1';
  const maker = /^1\.3\.6\.1\.4\.1\.(\d+)(\.|$)/.exec(sysObjectId)?.[1];
  // Agents built on net-snmp often name that project instead of the maker.
  const own = maker === undefined || maker === '0' || maker === '8072' ? enterprises : `${enterprises}.${maker}`;
  return [system, own];
}
