import { errorMessage, errorRecord, parseStrictly, quoted, RackwattError } from 'rackwatt';
import { MessageKind } from '@rackwatt/fleet';
import { Type } from 'typebox';

/** A command of the plugin, such as `{ command: 'createRole', ... }`. */
export interface Command {
  command: string;
  [parameter: string]: unknown;
}

const responses = new MessageKind(
  "the broker's answer",
  Type.Object({
    responses: Type.Array(
      Type.Object({
        command: Type.String(),
        correlationData: Type.Optional(Type.String()),
        data: Type.Optional(Type.Unknown()),
        error: Type.Optional(Type.String()),
      }),
    ),
  }),
);

/** Commands a message: far below the broker's largest packet. */
const AT_ONCE = 32;
/** How long the broker may take for a message, ms; it writes its file after each command. */
const PATIENCE = 30_000;
/** Messages are filled up to multiples of this; see `padded`. */
const GRAIN = 1024;

interface Waiting {
  resolve(data: unknown): void;
  reject(error: unknown): void;
}

/** Mosquitto's dynamic-security plugin, by the JSON that it takes on `$CONTROL`: `mosquitto_ctrl` reports success where nothing changed. */
export class DynamicSecurity {
  readonly #send: (message: Buffer) => Promise<void>;
  readonly #waiting = new Map<string, Waiting>();
  #last = 0;

  constructor(send: (message: Buffer) => Promise<void>) {
    this.#send = send;
  }

  /**
   * @returns what each command answered, in their order
   * @throws `RIGHTS_REFUSED` with the first one that the broker refused, after all were tried; `RIGHTS_AWAY` at once
   */
  async run(commands: readonly Command[]): Promise<unknown[]> {
    const answers: PromiseSettledResult<unknown>[] = [];
    for (let at = 0; at < commands.length; at += AT_ONCE) {
      const some = await this.#runTogether(commands.slice(at, at + AT_ONCE));
      for (const answer of some)
        if (answer.status === 'rejected' && errorRecord(answer.reason).code === 'RIGHTS_AWAY') throw answer.reason;
      answers.push(...some);
    }
    return answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    });
  }

  async #runTogether(commands: readonly Command[]): Promise<PromiseSettledResult<unknown>[]> {
    const numbered = commands.map((command) => ({ ...command, correlationData: String(++this.#last) }));
    const answers = Promise.allSettled(
      numbered.map(
        ({ correlationData }) =>
          new Promise((resolve, reject) => this.#waiting.set(correlationData, { resolve, reject })),
      ),
    );
    const giveUp = (why: string): void => {
      for (const { correlationData } of numbered) this.#take(correlationData)?.reject(away(why));
    };
    const timer = setTimeout(() => giveUp(`it did not answer within ${PATIENCE / 1000} s`), PATIENCE);
    try {
      await this.#send(padded(JSON.stringify({ commands: numbered })));
    } catch (error) {
      giveUp(errorMessage(error));
    }
    try {
      return await answers;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What came on the topic of responses. @throws `FLEET_MESSAGE`, `RIGHTS_REFUSED` for what is no response */
  received(message: Uint8Array): void {
    const answer = responses.check(parseStrictly(Buffer.from(message), "the broker's answer", 'RIGHTS_REFUSED'));
    for (const { command, correlationData, data, error } of answer.responses) {
      const waiting = correlationData === undefined ? undefined : this.#take(correlationData);
      if (error === undefined) waiting?.resolve(data);
      else waiting?.reject(refused(command, error));
    }
  }

  /** The connection is gone: what was asked is not answered any more. */
  lost(why: string): void {
    for (const key of this.#waiting.keys()) this.#take(key)?.reject(away(why));
  }

  #take(key: string): Waiting | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting;
  }
}

function refused(command: string, error: string): RackwattError {
  return new RackwattError('RIGHTS_REFUSED', `The broker refused ${quoted(command)}: ${quoted(error)}.`, {
    context: { command },
  });
}

export function away(why: string): RackwattError {
  return new RackwattError(
    'RIGHTS_AWAY',
    `The broker cannot be reached (${why}); it gets the rights as soon as it can.`,
  );
}

/** `mqtt-packet` holds a page of Node's buffer pool for each length of a packet for good; of these there are few. */
function padded(json: string): Buffer {
  const length = Buffer.byteLength(json);
  return Buffer.concat([Buffer.from(json), Buffer.alloc(Math.ceil(length / GRAIN) * GRAIN - length, ' ')]);
}
