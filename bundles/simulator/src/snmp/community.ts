import { element, integerElement } from './ber.js';
import { decodePdu, encodePdu } from './pdu.js';
import type { BerReader } from './ber.js';
import { answer, type Limits, type WriteHandler } from './requests.js';
import type { ObjectTable } from './table.js';
import { Tag } from './value.js';

/** Octets around the varbinds, at most, beside the community. */
const OVERHEAD = 64;

export interface CommunityOptions {
  table: ObjectTable;
  communities: ReadonlySet<string>;
  limits: () => Limits;
  write: WriteHandler;
}

/** Answers a message of v1 (0) or v2c (1); undefined where an agent keeps silent: wrong community, odd PDU. */
export function answerCommunity(message: BerReader, version: 0 | 1, options: CommunityOptions): Buffer | undefined {
  const community = message.octets();
  if (!options.communities.has(community.toString('utf8'))) return undefined;
  const { maxMessageSize, ...limits } = options.limits();
  const response = answer(decodePdu(message), {
    table: options.table,
    version: version === 0 ? 1 : 2,
    room: maxMessageSize - OVERHEAD - community.length,
    write: options.write,
    ...limits,
  });
  return (
    response &&
    element(
      Tag.Sequence,
      integerElement(Tag.Integer, version),
      element(Tag.OctetString, community),
      encodePdu(response),
    )
  );
}
