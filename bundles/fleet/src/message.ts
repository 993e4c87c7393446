import { parseStrictly, RackwattError } from 'rackwatt';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

/** Bytes of the longest message; archives are no messages. */
export const LONGEST_MESSAGE = 256 << 10;

/** Reads messages of one kind: a message has what its schema says and nothing else. */
export class MessageKind<Schema extends TSchema> {
  readonly name: string;
  readonly schema: Schema;
  readonly #validator;

  /** @param name begins the sentence of an error, such as `a report` */
  constructor(name: string, schema: Schema) {
    this.name = name;
    this.schema = schema;
    this.#validator = Compile(schema);
  }

  /** @throws `FLEET_MESSAGE` */
  parse(content: Uint8Array): Static<Schema> {
    if (content.length > LONGEST_MESSAGE)
      throw new RackwattError('FLEET_MESSAGE', `${this.name} has more than ${LONGEST_MESSAGE} bytes`);
    return this.check(parseStrictly(Buffer.from(content), this.name, 'FLEET_MESSAGE'));
  }

  /** The same for JSON that was parsed strictly. @throws `FLEET_MESSAGE` */
  check(json: unknown): Static<Schema> {
    if (this.#validator.Check(json)) return json;
    const [first] = this.#validator.Errors(json);
    throw new RackwattError(
      'FLEET_MESSAGE',
      `${this.name} is none: ${first ? `${first.instancePath || 'it'} ${first.message}` : 'its form is wrong'}`,
    );
  }
}
