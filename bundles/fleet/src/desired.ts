import { Type, type Static } from 'typebox';
import { GatewayId, Sha256, TenantId } from './identity.js';
import { MessageKind } from './message.js';

/** Names as npm has them. */
const BundleName = Type.String({ pattern: '^(?=.{1,214}$)(?:@[a-z0-9][a-z0-9._-]*/)?[a-z0-9][a-z0-9._-]*$' });
const Version = Type.String({ pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(?:[-+][0-9A-Za-z.+-]+)?$', maxLength: 128 });
const Seconds = Type.Integer({ minimum: 0, maximum: 2 ** 40 });

/** A bundle that a gateway shall have: exactly this archive. Where it comes from is the gateway's to know. */
export const DesiredBundle = Type.Object(
  {
    version: Version,
    /** sha256 of the archive file. */
    sha256: Sha256,
    /** Bytes of the archive file. */
    size: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
    /** Lets a version come that is older than the one before. The gateway's minimum versions hold all the same. */
    downgrade: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

/** What a gateway shall run. What it does not name stays as it is. */
export const DesiredState = Type.Object(
  {
    type: Type.Literal('desired'),
    tenant: TenantId,
    audience: GatewayId,
    issued: Seconds,
    expires: Seconds,
    /** Rising with each that a gateway is given; an older one is never taken again. */
    sequence: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
    /** Who wanted it, for the people at the gateway. */
    actor: Type.String({ maxLength: 200 }),
    reason: Type.String({ maxLength: 500 }),
    /** `null`: it shall not be there. */
    bundles: Type.Record(BundleName, Type.Union([DesiredBundle, Type.Null()]), { additionalProperties: false }),
    /** Configurations by PID, whole; secrets only as references. `null`: none. */
    configurations: Type.Record(
      Type.String({ minLength: 1, maxLength: 200 }),
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
    ),
  },
  { additionalProperties: false },
);
export type DesiredState = Static<typeof DesiredState>;
export type DesiredBundle = Static<typeof DesiredBundle>;

export const desiredState = new MessageKind('a desired state', DesiredState);
