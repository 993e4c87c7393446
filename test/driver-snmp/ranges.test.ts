import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import fc from 'fast-check';

const require = createRequire(import.meta.url);
const { Ranges } = require('@rackwatt/driver-snmp/dist/discovery/ranges.js') as {
  Ranges: new (ranges: string[], exclude?: string[]) => Iterable<{ host: string; port: number }> & { count: number };
};
const { compareAddresses } = require('@rackwatt/driver-snmp/dist/discovery/order.js') as {
  compareAddresses: (a: string, b: string) => number;
};

const places = (ranges: string[], exclude: string[] = []) =>
  [...new Ranges(ranges, exclude)].map(({ host, port }) => `${host}:${port}`);

test('networks, ranges and hosts are each host once, in order', () => {
  assert.deepEqual(places(['10.0.0.4/30', '10.0.0.6-8', '10.0.0.5', '10.0.0.1:1161']), [
    '10.0.0.5:161',
    '10.0.0.6:161',
    '10.0.0.7:161',
    '10.0.0.8:161',
    '10.0.0.1:1161',
  ]);
  assert.deepEqual(places(['10.0.0.8/31', '10.0.0.9/32']), ['10.0.0.8:161', '10.0.0.9:161']);
  assert.deepEqual(places(['255.255.255.254-255.255.255.255']), ['255.255.255.254:161', '255.255.255.255:161']);
  assert.deepEqual(places(['[2001:db8::7]:1161', '2001:DB8::8', 'pdu-1.example', 'snmp://10.0.0.1']), [
    '10.0.0.1:161',
    '2001:db8::7:1161',
    '2001:db8::8:161',
    'pdu-1.example:161',
  ]);
});

test('a /16 is held as two numbers and walked one by one', () => {
  const ranges = new Ranges(['10.1.0.0/16']);
  assert.equal(ranges.count, 65_534);
  let last = '';
  for (const { host } of ranges) last = host;
  assert.equal(last, '10.1.255.254');
});

test('exclusions leave out what they name, on every port unless they name one', () => {
  assert.deepEqual(places(['10.0.0.1-6'], ['10.0.0.2-3', '10.0.0.6:161', '10.0.0.1:99']), [
    '10.0.0.1:161',
    '10.0.0.4:161',
    '10.0.0.5:161',
  ]);
});

test('whatever intervals are put together, the hosts are those of the sets', () => {
  const interval = fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(
      fc.array(interval, { minLength: 1, maxLength: 6 }),
      fc.array(interval, { maxLength: 6 }),
      (some, out) => {
        const numbers = (intervals: readonly (readonly [number, number])[]) =>
          new Set(intervals.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i)));
        const text = ([from, to]: readonly [number, number]) => `10.0.0.${from}-${to}`;
        const left = numbers(out);
        const wanted = [...numbers(some)].filter((number) => !left.has(number)).sort((a, b) => a - b);
        if (wanted.length === 0) return assert.throws(() => places(some.map(text), out.map(text)));
        assert.deepEqual(
          places(some.map(text), out.map(text)),
          wanted.map((number) => `10.0.0.${number}:161`),
        );
      },
    ),
  );
});

test('addresses stand as people count', () => {
  const sorted = ['snmp://10.0.0.2/2', 'snmp://10.0.0.10', 'snmp://10.0.0.2:1161', 'snmp://10.0.0.2'].sort(
    compareAddresses,
  );
  assert.deepEqual(sorted, ['snmp://10.0.0.2', 'snmp://10.0.0.2/2', 'snmp://10.0.0.2:1161', 'snmp://10.0.0.10']);
});
