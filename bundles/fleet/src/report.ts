import { Type, type Static } from 'typebox';
import { Sha256 } from './identity.js';
import { MessageKind } from './message.js';

/** What the customer's administrator lets a center do: see, change configuration, install and remove software. */
export const Capability = Type.Union([Type.Literal('monitor'), Type.Literal('configure'), Type.Literal('update')]);
export type Capability = Static<typeof Capability>;

/**
 * Where a gateway is with the desired state that it was given last.
 *
 * - `waiting`: it may not (a capability is not granted) or cannot now (another change is under way); tried again;
 * - `downloading`, `installing`, `probation`: under way;
 * - `converged`: it runs what is desired;
 * - `refused`: nothing was changed; `rolled-back`: it was tried, was not well, and what was before runs;
 * - `cancelled`: the administrator at the gateway ended it.
 */
export const Phase = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('downloading'),
  Type.Literal('installing'),
  Type.Literal('probation'),
  Type.Literal('converged'),
  Type.Literal('refused'),
  Type.Literal('rolled-back'),
  Type.Literal('cancelled'),
]);
export type Phase = Static<typeof Phase>;

const Text = (maxLength: number) => Type.String({ maxLength });
/** Larger ones are other numbers by the time that they are read. */
const Whole = (minimum: number) => Type.Integer({ minimum, maximum: Number.MAX_SAFE_INTEGER });

export const Report = Type.Object(
  {
    /** The same report sent twice has the same id. */
    id: Type.String({ format: 'uuid' }),
    /** Rising with each report of this start of the agent. */
    number: Whole(1),
    /** ms since 1970 by the gateway's clock, and whether it has been set by somebody who knows. */
    time: Whole(0),
    clock: Type.Union([Type.Literal('trusted'), Type.Literal('untrusted')]),
    /** Random at each start of the machine's node. */
    boot: Type.String({ format: 'uuid' }),
    capabilities: Type.Array(Capability, { maxItems: 10, uniqueItems: true }),
    node: Type.Object(
      { id: Text(200), runtime: Text(100), node: Text(100), serial: Text(200), model: Text(200) },
      { additionalProperties: false },
    ),
    /** Absent before the first desired state. */
    desired: Type.Optional(
      Type.Object(
        {
          sequence: Whole(1),
          phase: Phase,
          /** Why, in a sentence; with the code of the error in front where there is one. */
          detail: Type.Optional(Text(2000)),
          /** 0 to 1 of the bytes that were downloaded and verified. */
          progress: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
          /** Of the transaction, once there is one. */
          transaction: Type.Optional(Text(200)),
        },
        { additionalProperties: false },
      ),
    ),
    /** The last order since this one was taken that was not taken at all, such as one that the center did not sign. */
    refused: Type.Optional(
      Type.Object({ code: Text(100), detail: Text(2000), time: Whole(0) }, { additionalProperties: false }),
    ),
    /** What runs; only with the capability `monitor`. */
    actual: Type.Optional(
      Type.Object(
        {
          generation: Type.Optional(Whole(0)),
          health: Type.Union([Type.Literal('ok'), Type.Literal('degraded'), Type.Literal('failed')]),
          /** Sentences of checks that are not ok, by name. */
          troubles: Type.Record(Text(200), Text(1000)),
          bundles: Type.Array(
            Type.Object(
              {
                name: Text(214),
                version: Text(128),
                state: Text(40),
                digest: Type.Optional(Sha256),
                reason: Type.Optional(Text(2000)),
              },
              { additionalProperties: false },
            ),
            { maxItems: 1000 },
          ),
          /** sha256 of the configuration as JSON with sorted keys, by PID. */
          configurations: Type.Record(Text(200), Sha256),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type Report = Static<typeof Report>;

export const report = new MessageKind('a report', Report);
