import { RackwattError } from 'rackwatt';
import { type Static, type TSchema, Type } from 'typebox';
import { Compile } from 'typebox/compile';

const Text = (maxLength: number) => Type.String({ minLength: 1, maxLength });
const closed = { additionalProperties: false };

const Reason = Type.String({ maxLength: 500, default: '' });
const Trial = Type.Boolean({ default: false, description: 'Only tell what would come of it' });

export const Approval = Type.Object({ code: Text(40), name: Type.Optional(Text(64)) }, closed);

export const DesiredInput = Type.Object(
  {
    bundles: Type.Optional(
      Type.Record(
        Type.String({ minLength: 1, maxLength: 214 }),
        Type.Union([
          Type.Null(),
          Type.Object(
            {
              version: Type.Optional(Text(128)),
              sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
              downgrade: Type.Optional(Type.Boolean()),
            },
            closed,
          ),
        ]),
      ),
    ),
    configurations: Type.Optional(
      Type.Record(Text(200), Type.Union([Type.Null(), Type.Record(Type.String(), Type.Unknown())])),
    ),
    whole: Type.Optional(Type.Boolean({ description: 'In the place of all that was desired before' })),
    reason: Type.Optional(Reason),
    isTrial: Type.Optional(Trial),
  },
  closed,
);

export const RollbackInput = Type.Object({ reason: Type.Optional(Reason), isTrial: Type.Optional(Trial) }, closed);

export const ArtifactInput = Type.Object(
  { content: Type.String({ description: 'The archive in base64', pattern: '^[A-Za-z0-9+/]+={0,2}$' }) },
  closed,
);

const Actor = Type.String({ minLength: 1, maxLength: 100 });
const Gateway = { actor: Actor, gateway: Text(64) };

/** Parameters of the methods of the admin socket. */
export const PARAMETERS = {
  'fleet.show': Type.Object({ gateway: Text(64) }, closed),
  'fleet.approve': Type.Object({ actor: Actor, enrolment: Text(100), ...Approval.properties }, closed),
  'fleet.deny': Type.Object({ actor: Actor, enrolment: Text(100) }, closed),
  'fleet.revoke': Type.Object(Gateway, closed),
  'fleet.set': Type.Object({ ...Gateway, ...DesiredInput.properties }, closed),
  'fleet.rollback': Type.Object({ ...Gateway, ...RollbackInput.properties }, closed),
  'fleet.changed': Type.Object(
    {
      gateway: Text(64),
      version: Type.Integer({ minimum: -1 }),
      wait: Type.Integer({ minimum: 0, maximum: 60_000, description: 'ms' }),
    },
    closed,
  ),
  'fleet.artifacts.add': Type.Object({ actor: Actor, file: Type.String({ pattern: '^/', maxLength: 4096 }) }, closed),
  'fleet.broker': Type.Object({ actor: Actor, names: Type.Array(Text(253), { minItems: 1, maxItems: 50 }) }, closed),
  'fleet.audit': Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 10_000 }) }, closed),
} as const;

const validators = new Map<TSchema, ReturnType<typeof Compile>>();

/** @throws `USAGE` */
export function parametersOf<K extends keyof typeof PARAMETERS>(
  method: K,
  given: unknown,
): Static<(typeof PARAMETERS)[K]> {
  const schema: TSchema = PARAMETERS[method];
  let validator = validators.get(schema);
  if (!validator) validators.set(schema, (validator = Compile(schema)));
  if (validator.Check(given)) return given as Static<(typeof PARAMETERS)[K]>;
  const [first] = validator.Errors(given);
  throw new RackwattError(
    'USAGE',
    `${method}: ${first?.instancePath || 'its parameters'} ${first?.message ?? 'are wrong'}`,
  );
}
