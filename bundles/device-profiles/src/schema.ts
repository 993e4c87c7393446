import { type Static, Type } from 'typebox';

const Oid = Type.String({ pattern: '^\\d+(\\.\\d+)*$', description: 'Numeric OID without a leading dot.' });

/** An OID relative to the profile's `base`; `{name}` stands for one index arc. */
const OidTemplate = Type.String({
  pattern: '^(\\d+|\\{[a-z]+\\})(\\.(\\d+|\\{[a-z]+\\}))*$',
  description: 'OID relative to `base`; {name} stands for one index arc.',
});

const Word = Type.String({ minLength: 1 });
const RawMap = Type.Record(Type.String({ pattern: '^-?\\d+$' }), Word, { description: 'Raw value to word.' });

const Attribute = Type.Object(
  {
    oid: OidTemplate,
    words: Type.Optional(RawMap),
  },
  {
    additionalProperties: false,
    description: 'A column that says what a row is. With `words`, rows whose value has no word are left out.',
  },
);

const When = Type.Record(Type.String(), Type.Array(Type.Integer(), { minItems: 1 }), {
  description: 'Only for rows whose attribute has one of these raw values.',
});

const Guard = Type.Object(
  {
    oid: OidTemplate,
    bad: Type.Record(
      Type.String({ pattern: '^-?\\d+$' }),
      Type.Union([Type.Literal('bad'), Type.Literal('sensor-fault'), Type.Literal('comm-failure')]),
    ),
    poll: Type.Optional(Type.Union([Type.Literal('fast'), Type.Literal('slow')])),
  },
  { additionalProperties: false, description: 'Another object of the same row that says whether the value counts.' },
);

const NoValue = Type.Union([Type.Array(Type.Integer(), { minItems: 1 }), Type.Literal('negative')], {
  description: 'Raw values by which the device says that it has none.',
});

const pointFields = {
  oid: Type.Optional(OidTemplate),
  with: Type.Optional(
    Type.Record(Type.String(), Type.Integer(), { description: 'Arcs that are constants for this point.' }),
  ),
  when: Type.Optional(When),
  scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Factor from raw to the unit of the metric.' })),
  decimals: Type.Optional(OidTemplate),
  fahrenheit: Type.Optional(Type.Boolean({ description: 'The scaled value is in degrees Fahrenheit.' })),
  magnitude: Type.Optional(
    Type.Boolean({ description: 'The sign is a convention of the vendor; take the absolute value.' }),
  ),
  basis: Type.Optional(Type.Union([Type.Literal('LN'), Type.Literal('LL')])),
  noValue: Type.Optional(NoValue),
  states: Type.Optional(RawMap),
  guards: Type.Optional(Type.Array(Guard)),
  lenient: Type.Optional(
    Type.Boolean({ description: 'Having no value is ordinary here (a power factor without load): BAD, but no fault.' }),
  ),
  poll: Type.Optional(Type.Union([Type.Literal('fast'), Type.Literal('slow')])),
};

const Point = Type.Object({ metric: Word, ...pointFields }, { additionalProperties: false });
const PointDefaults = Type.Object(pointFields, { additionalProperties: false });

const Write = Type.Object({ oid: OidTemplate, value: Type.Integer() }, { additionalProperties: false });

const Switch = Type.Object(
  {
    on: Write,
    off: Write,
    cycle: Type.Optional(Write),
    only: Type.Optional(
      Type.Object({ oid: OidTemplate, values: Type.Array(Type.Integer()) }, { additionalProperties: false }),
    ),
  },
  { additionalProperties: false, description: 'What to write to switch the part; `only` says which parts can be.' },
);

const PartGroup = Type.Object(
  {
    part: Type.String({ pattern: '^(unit|(inlet|branch|outlet|sensor)/[A-Za-z0-9{}/-]+)$' }),
    attributes: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z]+$' }), Attribute)),
    when: Type.Optional(When),
    label: Type.Optional(Type.Array(OidTemplate, { description: 'First one that is not empty.' })),
    ratedCurrent: Type.Optional(
      Type.Object(
        { oid: OidTemplate, scale: Type.Optional(Type.Number({ exclusiveMinimum: 0 })) },
        { additionalProperties: false },
      ),
    ),
    switch: Type.Optional(Switch),
    defaults: Type.Optional(PointDefaults),
    use: Type.Optional(Type.Array(Word, { description: 'Names of point sets.' })),
    points: Type.Optional(Type.Array(Point)),
  },
  { additionalProperties: false },
);

const IdentitySource = Type.Union([
  OidTemplate,
  Type.Object({ sysDescr: Type.String({ description: 'Pattern; its first group.' }) }, { additionalProperties: false }),
]);
const IdentitySources = Type.Optional(
  Type.Array(IdentitySource, { minItems: 1, description: 'First one that is not empty.' }),
);

/** A model family as data: how it is recognised, what it measures and where, how its outlets are switched. */
export const ProfileSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    name: Type.String({ pattern: '^[a-z0-9-]+$' }),
    title: Word,
    vendor: Word,
    source: Type.String({ description: 'MIB and section that the facts come from.' }),
    base: Oid,
    recognise: Type.Object(
      {
        sysObjectId: Type.Array(Oid, { minItems: 1, description: 'Prefixes, compared arc by arc; the longest wins.' }),
        sysDescr: Type.Optional(Type.String({ description: 'Pattern that sysDescr must match as well.' })),
        probe: Type.Optional(Type.Array(Oid, { description: 'Objects that must be there as well.' })),
      },
      { additionalProperties: false },
    ),
    identity: Type.Object(
      {
        attributes: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z]+$' }), Attribute)),
        vendor: IdentitySources,
        model: IdentitySources,
        serial: IdentitySources,
        firmware: IdentitySources,
        name: IdentitySources,
      },
      { additionalProperties: false },
    ),
    sets: Type.Optional(Type.Record(Type.String(), Type.Array(Point))),
    parts: Type.Array(PartGroup, { minItems: 1 }),
  },
  {
    $id: 'https://rackwatt.dev/schema/profile.schema.json',
    title: 'Rackwatt device profile',
    additionalProperties: false,
  },
);

export type ProfileDocument = Static<typeof ProfileSchema>;
export type ProfileAttribute = Static<typeof Attribute>;
export type ProfileGuard = Static<typeof Guard>;
export type ProfileSwitch = Static<typeof Switch>;
export type ProfileIdentitySource = Static<typeof IdentitySource>;
export type ProfileWhen = Static<typeof When>;
export type ProfilePointDocument = Static<typeof Point>;
export type ProfilePartDocument = Static<typeof PartGroup>;
