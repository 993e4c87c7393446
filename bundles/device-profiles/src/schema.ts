import { type Static, Type } from 'typebox';

const Oid = Type.String({ pattern: '^\\d+(\\.\\d+)*$', description: 'Numeric OID without a leading dot.' });

const ARC = '(\\d+|\\{[a-z]+(\\*|[+-]\\d{1,4})?\\})';

/** An OID in which `{name}` stands for one arc, `{name*}` for one or more, `{name+1}` for the arc that is one more. */
const TEMPLATE = `^${ARC}(\\.${ARC})*$`;

const OidTemplate = Type.String({
  pattern: TEMPLATE,
  description:
    'OID below `base`; {name} stands for one arc of the index, {name*} for several, {name+1} for name plus 1.',
});

const Word = Type.String({ minLength: 1 });
const Words = Type.Record(Type.String(), Type.String(), { description: 'Raw number or text to word.' });
const Pattern = Type.String({ minLength: 1, description: 'Regular expression.' });

const attributeFields = {
  words: Type.Optional(Words),
};

const Arc = Type.String({ pattern: '^[a-z]+$', description: 'An arc of the index.' });

const ArcAttribute = Type.Object({ arc: Arc, ...attributeFields }, { additionalProperties: false });

const Attribute = Type.Union(
  [
    Type.Object(
      {
        oid: OidTemplate,
        otherwise: Type.Optional(
          Type.Union([Type.Integer(), Arc], {
            description: 'What it is where the device does not tell: this number, or the number of this arc.',
          }),
        ),
        ...attributeFields,
      },
      { additionalProperties: false },
    ),
    ArcAttribute,
    Type.Object(
      { value: Type.Integer({ description: 'The same for all rows: the unit of tables that know no other.' }) },
      { additionalProperties: false },
    ),
    Type.Object(
      {
        place: Type.String({
          pattern: '^[a-z]+$',
          description: 'Arcs of the index that are no number (a MAC address): their place among all, from 1.',
        }),
      },
      { additionalProperties: false },
    ),
  ],
  { description: 'What says what a row is. With `words`, rows whose value has no word are left out.' },
);

const When = Type.Record(Type.String(), Type.Union([Type.Array(Type.Integer(), { minItems: 1 }), Pattern]), {
  description:
    'Only rows whose attribute or arc has one of these numbers, or whose text matches (empty where the device does not tell); named groups stand in the path. `sysDescr` is one too.',
});

const Guard = Type.Object(
  {
    oid: OidTemplate,
    bad: Type.Record(Type.String({ pattern: '^-?\\d+$' }), Type.Enum(['bad', 'sensor-fault', 'comm-failure'])),
    poll: Type.Optional(Type.Enum(['fast', 'slow'])),
  },
  { additionalProperties: false, description: 'Another object of the same row that says whether the value counts.' },
);

const NoValue = Type.Union(
  [Type.Array(Type.Union([Type.Integer(), Type.String()]), { minItems: 1 }), Type.Literal('negative')],
  { description: 'Raw numbers or texts by which the device says that it has none.' },
);

const ScaleFrom = Type.Object(
  {
    oid: OidTemplate,
    as: Type.Enum(['decimals', 'exponent', 'factor', 'words'], {
      description:
        'decimals: n divides by 10^n; exponent: n multiplies by 10^n; factor: n multiplies, -n divides by n; words: by `words`.',
    }),
    words: Type.Optional(
      Type.Record(Type.String(), Type.Number({ exclusiveMinimum: 0 }), {
        description: 'Factor for each raw number or text; a row without one is left out.',
      }),
    ),
  },
  { additionalProperties: false, description: 'Another object that holds a factor.' },
);

const Level = Type.Enum(['lowerCritical', 'lowerCaution', 'upperCaution', 'upperCritical'], {
  description: 'This row is no value, but a limit of the metric of that part.',
});

const Threshold = Type.Object(
  {
    oid: OidTemplate,
    scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Where it differs from that of the value.' })),
    noValue: Type.Optional(NoValue),
    enabled: Type.Optional(
      Type.Object(
        { oid: OidTemplate, bit: Type.Integer({ minimum: 0, maximum: 31 }) },
        { additionalProperties: false, description: 'BITS of which one says that this threshold is in force.' },
      ),
    ),
    writable: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false, description: 'Scaled as the value unless `scale` says otherwise.' },
);

const Thresholds = Type.Partial(
  Type.Object(
    { lowerCritical: Threshold, lowerCaution: Threshold, upperCaution: Threshold, upperCritical: Threshold },
    { additionalProperties: false },
  ),
  { additionalProperties: false },
);

const pointFields = {
  oid: Type.Optional(OidTemplate),
  with: Type.Optional(
    Type.Record(Type.String(), Type.Integer(), { description: 'Arcs that are constants for this point.' }),
  ),
  when: Type.Optional(When),
  scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, description: 'Factor from raw to the unit of the metric.' })),
  scaleFrom: Type.Optional(Type.Array(ScaleFrom, { minItems: 1, description: 'Multiplied with `scale`.' })),
  units: Type.Optional(
    Type.Record(Type.String(), Type.Number({ exclusiveMinimum: 0 }), {
      description: 'The value is a text with a unit: factor of each, "" for none. Other units are no value.',
    }),
  ),
  list: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1,
      description: 'The value is a text of several, separated by this; {item} in the path is the place, from 1.',
    }),
  ),
  fahrenheit: Type.Optional(Type.Boolean({ description: 'The scaled value is in degrees Fahrenheit.' })),
  magnitude: Type.Optional(
    Type.Boolean({ description: 'The sign is a convention of the vendor; take the absolute value.' }),
  ),
  basis: Type.Optional(Type.Enum(['LN', 'LL'])),
  noValue: Type.Optional(NoValue),
  states: Type.Optional(Words),
  guards: Type.Optional(Type.Array(Guard)),
  lenient: Type.Optional(
    Type.Boolean({ description: 'Having no value is ordinary here (a power factor without load): BAD, but no fault.' }),
  ),
  poll: Type.Optional(Type.Enum(['fast', 'slow'])),
  thresholds: Type.Optional(Thresholds),
  threshold: Type.Optional(Level),
};

const Point = Type.Object({ metric: Word, ...pointFields }, { additionalProperties: false });
const PointDefaults = Type.Object(pointFields, { additionalProperties: false });

const WriteValue = {
  oid: OidTemplate,
  value: Type.Union([Type.Integer(), Type.String()]),
  type: Type.Optional(
    Type.Enum(['integer', 'unsigned', 'text'], {
      description: 'SYNTAX of the object; integer, or text for a text, unless given.',
    }),
  ),
};

const Write = Type.Object(
  {
    ...WriteValue,
    list: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1, description: 'The object is a list; the value replaces {item}.' }),
    ),
    first: Type.Optional(
      Type.Array(Type.Object(WriteValue, { additionalProperties: false }), {
        description: 'What has to be written before, in this order (an unlock).',
      }),
    ),
  },
  { additionalProperties: false },
);

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

const PartTemplate = Type.String({
  pattern: '^(unit|(inlet|branch|outlet|sensor)/[A-Za-z0-9{}/-]+)$',
  description: 'Path of the part; {name} is an arc, an attribute, or a named group of `when`.',
});

const PartGroup = Type.Object(
  {
    part: PartTemplate,
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
  Type.Object(
    { oid: OidTemplate, pattern: Pattern },
    { additionalProperties: false, description: 'Only a text that matches; its first group, or all of it.' },
  ),
  Type.Object({ sysDescr: Type.String({ description: 'Pattern; its first group.' }) }, { additionalProperties: false }),
]);
const IdentitySources = Type.Optional(
  Type.Array(IdentitySource, { minItems: 1, description: 'First one that is not empty.' }),
);

const SysObjectId = Type.String({
  pattern: '^(none|\\d+(\\.(\\d+|\\{[a-z]+\\}))*)$',
  description:
    'Prefix, compared arc by arc; {name} takes any arc and may stand in `base`. "none": the agent tells none.',
});

const Probe = Type.Union([
  Oid,
  Type.Object(
    {
      oid: Oid,
      values: Type.Optional(Type.Array(Type.Integer(), { minItems: 1 })),
      above: Type.Optional(Type.Integer()),
      pattern: Type.Optional(Pattern),
    },
    { additionalProperties: false },
  ),
]);

const Recognition = Type.Object(
  {
    sysObjectId: Type.Optional(Type.Array(SysObjectId, { minItems: 1, description: 'The longest prefix wins.' })),
    exact: Type.Optional(Type.Boolean({ description: 'The whole sysObjectID, no prefix.' })),
    sysDescr: Type.Optional(Pattern),
    probe: Type.Optional(
      Type.Array(Probe, { description: 'What must be there as well: an object, or a tree that holds one.' }),
    ),
    base: Type.Optional(Type.String({ pattern: TEMPLATE, description: 'Where this one has the tree elsewhere.' })),
    vendor: Type.Optional(Word),
  },
  { additionalProperties: false, description: 'All of it must hold.' },
);

const Notification = Type.Object(
  {
    oid: Type.String({
      pattern: '^\\d+(\\.\\d+)*$',
      description: 'The whole snmpTrapOID; of an SMIv1 trap: enterprise, 0, specific number.',
    }),
    name: Type.String({ pattern: '^[A-Za-z][A-Za-z0-9-]*$', description: 'As the MIB names it.' }),
    type: Type.String({
      pattern: '^[a-z]+(\\.[a-z-]+)+$',
      description: 'Of the event: outlet.switched, threshold.crossed, breaker.tripped, device.fault, ...',
    }),
    severity: Type.Enum(['ok', 'warning', 'critical']),
    part: Type.Optional(PartTemplate),
    from: Type.Optional(
      Type.Array(OidTemplate, {
        description: 'A varbind whose index gives the names in `part`; the first one that is there.',
      }),
    ),
    attributes: Type.Optional(
      Type.Record(Type.String({ pattern: '^[a-z]+$' }), ArcAttribute, {
        description: 'Words of that index for `part`, as the parts themselves have them.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** A model family as data: how it is recognised, what it measures and where, how its outlets are switched. */
export const ProfileSchema = Type.Object(
  {
    $schema: Type.Optional(Type.String()),
    name: Type.String({ pattern: '^[a-z0-9-]+$' }),
    title: Word,
    vendor: Word,
    source: Type.String({ description: 'MIB and section that the facts come from.' }),
    evidence: Type.Enum(['recording', 'facts'], {
      description: 'recording: seen to read a recorded device right; facts: made from the MIB alone.',
    }),
    base: Type.String({ pattern: TEMPLATE, description: 'What all OIDs of the profile lie under.' }),
    fallback: Type.Optional(Type.Boolean({ description: 'Only for a device that no other profile reads.' })),
    recognise: Type.Array(Recognition, { minItems: 1, description: 'One of these.' }),
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
    notifications: Type.Optional(Type.Array(Notification)),
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
export type ProfileWrite = Static<typeof Write>;
export type ProfileScaleFrom = Static<typeof ScaleFrom>;
export type ProfileThreshold = Static<typeof Threshold>;
export type ProfileIdentitySource = Static<typeof IdentitySource>;
export type ProfileRecognition = Static<typeof Recognition>;
export type ProfileNotification = Static<typeof Notification>;
export type ProfileWhen = Static<typeof When>;
export type ProfilePointDocument = Static<typeof Point>;
export type ProfilePartDocument = Static<typeof PartGroup>;
