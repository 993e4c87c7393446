/** Writes the golden vectors anew: `node test/dist/telemetry/write-vectors.js && biome format --write bundles/telemetry/vectors`. A vector that changes breaks the wire. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import type { Sample, SchemaEntry } from '@rackwatt/telemetry';
import {
  encodeAck,
  encodeBatch,
  encodeBody,
  encodePlainBody,
  encodeSchema,
  encodeState,
  observe,
  RangeSet,
  rebase,
  timeAt,
  type BatchBody,
  type BatchMessage,
  type ClockState,
  type Range,
} from '@rackwatt/telemetry/wire';
import { toHex, toPlain, vectorsFolder } from './vectors.js';

function write(file: string, about: string, vectors: object[]): void {
  const lines = vectors.map((vector) => `    ${JSON.stringify(vector)}`).join(',\n');
  writeFileSync(
    join(vectorsFolder, file),
    `{\n  "about": ${JSON.stringify(about)},\n  "vectors": [\n${lines}\n  ]\n}\n`,
  );
}

const nothing: BatchBody = { samples: [], gaps: [], events: [], statuses: [] };

function sample(
  device: string,
  number: number,
  rows: [point: number, value: number, quality?: number, state?: number][],
): Sample {
  return {
    device,
    number,
    time: 1_763_900_000_000.25,
    points: Uint32Array.from(rows, (row) => row[0]),
    values: Float64Array.from(rows, (row) => row[1]),
    quality: Uint16Array.from(rows, (row) => row[2] ?? 0),
    states: Uint8Array.from(rows, (row) => row[3] ?? 0),
  };
}

const none = Number.NaN;
const bodies: [string, BatchBody][] = [
  ['nothing', nothing],
  ['a sample without points', { ...nothing, samples: [sample('pdu-1', 1, [])] }],
  [
    'numbers with few decimals travel as whole numbers',
    {
      ...nothing,
      samples: [
        sample('rack1-a', 7, [
          [0, 0],
          [1, 230.1],
          [2, -12.345],
          [3, 1e15],
          [4, 0.000001],
        ]),
      ],
    },
  ],
  [
    'numbers that need all their bits travel as doubles',
    {
      ...nothing,
      samples: [
        sample('rack1-a', 8, [
          [0, Math.PI],
          [1, 0.1 + 0.2],
          [2, 1e300],
          [3, 5e-324],
        ]),
      ],
    },
  ],
  [
    'no value is not zero; states and qualities beside numbers',
    {
      ...nothing,
      samples: [
        sample('rack1-a', 2 ** 40, [
          [10, none, 0, 2],
          [11, none, 0, 3],
          [12, none, 1 | 2048],
          [40, 12, 0],
          [41, 0, 32],
          [5, 3, 32],
        ]),
      ],
    },
  ],
  [
    'two devices, point numbers at both ends',
    {
      ...nothing,
      samples: [
        sample('a', 1, [[0xffffffff, 1]]),
        sample('b', 1, [
          [0, 2],
          [0xfffffffe, 3],
          [0xffffffff, 4],
        ]),
        sample('a', 2, [[0xffffffff, 1]]),
      ],
    },
  ],
  [
    'gaps, events, states of devices and the clock',
    {
      anchor: {
        boot: '0e5e6a0c-5f0e-4b0e-9a52-b3b2a1e3d9f7',
        monotonic: 123_456_789_012_345n,
        wall: 1_763_900_000_123.5,
      },
      samples: [],
      gaps: [
        { device: 'rack1-a', from: 5, to: 9, reason: 'no-answer', time: 1_763_900_000_000 },
        { device: 'rack1-b', from: 1, to: 1, reason: 'outbox-full', time: 1_763_900_000_001 },
      ],
      events: [
        {
          id: 'e-1',
          time: 1_763_900_000_000,
          type: 'outlet.switched',
          severity: 'ok',
          device: 'rack1-a',
          part: 'outlet/3',
          message: 'Steckdose 3 „web-1“ ausgeschaltet',
          data: { by: 'anna', from: 'on', to: 'off' },
        },
        { id: 'e-2', time: 1_763_900_000_001, type: 'gateway.started', severity: 'warning', message: '' },
      ],
      statuses: [
        {
          device: 'rack1-b',
          state: 'no-answer',
          detail: 'No answer from 192.0.2.7:161 within 2 s.',
          since: 1_763_899_999_000,
        },
        { device: 'rack1-a', state: 'ok', since: 1_763_800_000_000 },
      ],
    },
  ],
];

const body = encodeBody({ ...nothing, samples: [sample('rack1-a', 1, [[0, 230.1]])] });
const batch: BatchMessage = {
  gateway: 'gw-7',
  epoch: 'k3J9-x_2',
  class: 'live',
  sequence: 2 ** 33,
  schema: 3,
  sent: 1_763_900_000_500,
  anchor: { boot: 'b', monotonic: 1n, wall: 1_763_900_000_400 },
  replyTo: 'rackwatt/v1/default/gw-7/ack',
  expires: 1_763_900_010_500,
  correlation: 'live:8589934592',
  body,
};
const { replyTo: _reply, expires: _expires, correlation: _correlation, ...bare } = batch;
const plainBatch = ({ anchor, body: carried, ...rest }: BatchMessage): object => ({
  ...rest,
  anchor: { ...anchor, monotonic: String(anchor.monotonic) },
  body: toHex(carried),
});

const entries: SchemaEntry[] = [
  {
    version: 1,
    device: 'rack1-a',
    identity: { vendor: 'APC', model: 'AP8641', serial: '5A1234E01234', firmware: 'v6.9.6', profile: 'apc-rpdu2' },
    location: { site: 'FRA1', rack: 'R1', feed: 'A' },
    parts: [{ path: 'inlet/1' }, { path: 'outlet/1', label: 'web-1', ratedCurrent: 16, switchable: true }],
    firstPoint: 0,
    points: [
      { part: 'inlet/1', metric: 'voltage.rms', unit: 'V', basis: 'LN' },
      { part: 'outlet/1', metric: 'power.active', unit: 'W' },
    ],
    interval: 10_000,
  },
  {
    version: 2,
    device: 'rack1-a',
    identity: {},
    location: { rack: 'R2' },
    parts: [],
    firstPoint: 2,
    points: [],
    interval: 30_000,
  },
];

const acks = [
  { epoch: 'k3J9-x_2', class: 'live', ranges: [] },
  {
    epoch: 'k3J9-x_2',
    class: 'replay',
    ranges: [
      [1, 1],
      [3, 1000],
      [5000, 8_589_934_592],
    ],
  },
  { epoch: 'k3J9-x_2', class: 'event', ranges: [], needSchemaAfter: 0 },
] as const satisfies { epoch: string; class: string; ranges: Range[]; needSchemaAfter?: number }[];
const state = {
  state: 'offline',
  gateway: 'gw-7',
  epoch: 'k3J9-x_2',
  version: '0.1.0',
  since: 1_763_900_000_000,
} as const;

write(
  'bodies.json',
  'A batch body as JSON (null: no value), in protobuf, and compressed. A decoder passes both; an encoder gives `plain`.',
  bodies.map(([name, content]) => ({
    name,
    body: toPlain(content),
    plain: toHex(encodePlainBody(content)),
    compressed: toHex(encodeBody(content)),
  })),
);
write(
  'messages.json',
  'Messages around bodies. Encoders give the bytes, but for schemas, whose entries are compressed.',
  [
    { name: 'a batch with everything', kind: 'batch', message: plainBatch(batch), bytes: toHex(encodeBatch(batch)) },
    { name: 'a batch with what it needs', kind: 'batch', message: plainBatch(bare), bytes: toHex(encodeBatch(bare)) },
    ...acks.map((ack, i) => ({
      name: `acknowledgement ${i + 1}`,
      kind: 'ack',
      message: ack,
      bytes: toHex(encodeAck(ack)),
    })),
    { name: 'a last will', kind: 'state', message: state, bytes: toHex(encodeState(state)) },
    {
      name: 'a schema',
      kind: 'schema',
      message: { gateway: 'gw-7', epoch: 'e', entries },
      bytes: toHex(encodeSchema({ gateway: 'gw-7', epoch: 'e', entries })),
    },
  ],
);

const rangeCases: [string, Range[], number][] = [
  ['empty', [], 3],
  [
    'in order',
    [
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    5,
  ],
  [
    'out of order, with a hole',
    [
      [5, 6],
      [1, 2],
      [3, 3],
    ],
    8,
  ],
  [
    'overlapping and inside one another',
    [
      [1, 10],
      [3, 4],
      [8, 20],
    ],
    20,
  ],
  [
    'a bridge between two',
    [
      [1, 2],
      [5, 6],
      [3, 4],
    ],
    4,
  ],
  ['beyond what is asked', [[4, 9]], 6],
  [
    'zero belongs to no batch',
    [
      [0, 0],
      [2, 2],
    ],
    2,
  ],
];
write(
  'ranges.json',
  '`add` in this order gives `ranges`; `missing` of 1..upTo; `reach`: contiguous from 1.',
  rangeCases.map(([name, add, upTo]) => {
    const set = RangeSet.fromArray(add);
    return { name, add, ranges: set.toArray(), upTo, missing: set.complement(upTo), reach: set.reach() };
  }),
);

const wall = 1_763_900_000_000;
const clockCases: [string, number, [seconds: number, wall: number][]][] = [
  [
    'runs with the monotonic counter',
    wall,
    [
      [0, wall],
      [1, wall + 1000],
      [60, wall + 60_000],
    ],
  ],
  [
    'drift of less than a step is not followed',
    wall,
    [
      [1, wall + 1050],
      [2, wall + 1950],
    ],
  ],
  [
    'a step forward is followed at once',
    946_684_800_000,
    [
      [1, 946_684_801_000],
      [2, wall],
      [3, wall + 1000],
    ],
  ],
  [
    'after a step back it runs at half speed until it is right',
    wall,
    [
      [1, wall + 1000],
      [2, wall],
      [3, wall + 1000],
      [4, wall + 2000],
      [6, wall + 4000],
      [8, wall + 6000],
    ],
  ],
  [
    'a second step back while it slews',
    wall,
    [
      [1, wall - 1000],
      [2, wall - 2000],
      [10, wall + 6000],
      [12, wall + 8000],
    ],
  ],
  [
    'a step forward while it slews',
    wall,
    [
      [1, wall - 9000],
      [2, wall + 1500],
      [3, wall + 2500],
    ],
  ],
];
write(
  'clock.json',
  'Looks at the monotonic counter (ns) and the wall clock (ms) in turn, and the time that is given (ms).',
  [
    ...clockCases.map(([name, begin, looks]) => {
      const start = { boot: 'b', monotonic: 0n, wall: begin };
      let clock: ClockState = { anchor: start, slew: 0n };
      return {
        name,
        start: { ...start, monotonic: '0' },
        looks: looks.map(([seconds, at]) => {
          const monotonic = BigInt(seconds) * 1_000_000_000n;
          clock = observe(clock, monotonic, at);
          return { monotonic: String(monotonic), wall: at, time: timeAt(clock, monotonic) };
        }),
      };
    }),
    ...(['b', 'c'] as const).map((boot) => {
      const given = { boot: 'b', monotonic: 5_000_000_000n, wall: 946_684_805_000 };
      const better = { boot, monotonic: 65_000_000_000n, wall };
      const time = 946_684_803_000;
      return {
        name: boot === 'b' ? 'a time from before the clock was right is moved' : 'a time of another boot stays',
        start: { boot: 'b', monotonic: '0', wall: 946_684_800_000 },
        looks: [],
        rebased: {
          time,
          given: { ...given, monotonic: String(given.monotonic) },
          better: { ...better, monotonic: String(better.monotonic) },
          gives: rebase(time, given, better),
        },
      };
    }),
  ],
);

const good = toHex(encodePlainBody({ ...nothing, samples: [sample('a', 1, [[0, 1]])] }));
write('refused.json', 'Bytes that every decoder refuses, and with no more than that.', [
  { name: 'no zstd', kind: 'body', bytes: 'deadbeef' },
  { name: 'a bomb', kind: 'body', bytes: toHex(zstdCompressSync(new Uint8Array(64 << 20))) },
  { name: 'half a body', kind: 'plain', bytes: good.slice(0, -4) },
  {
    name: 'a sample of a device that is not in the table',
    kind: 'plain',
    bytes: '120d08051001190000000000000000',
  },
  { name: 'a run of 2^40 points', kind: 'plain', bytes: '0a0161121608001001190000000000000000220700ffffffffff1f' },
  { name: 'a varint without an end', kind: 'ack', bytes: 'ffffffffffffffffffffffff' },
  { name: 'a group', kind: 'ack', bytes: '0b0c' },
  { name: 'an acknowledgement without an epoch', kind: 'ack', bytes: '1001' },
  { name: 'an epoch with a wildcard', kind: 'ack', bytes: '0a012b10011a00' },
  { name: 'a class that does not exist', kind: 'ack', bytes: '0a016110091a00' },
  { name: 'text that is no UTF-8', kind: 'state', bytes: '08011202c328' },
  {
    name: 'a batch with the sequence 0',
    kind: 'batch',
    bytes: toHex(encodeBatch({ ...bare, sequence: 1 })).replace('2001', '2000'),
  },
]);
