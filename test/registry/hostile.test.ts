import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RackwattError } from 'rackwatt';
import { alice, bob, Meter, meter, newRegistry } from './support.js';

const MEGABYTE = 2 ** 20;

/** Terms that differ, joined until the filter has a megabyte. */
function large(operator: '&' | '|', term: (i: number) => string): string {
  const terms: string[] = [];
  for (let i = 0, length = 0; length < MEGABYTE; i++) {
    terms.push(term(i));
    length += terms.at(-1)!.length;
  }
  return `(${operator}${terms.join('')})`;
}

test('a filter of 1 MB finds what it says among many services, and listens', () => {
  const { registry } = newRegistry();
  const services = Array.from({ length: 200 }, (_, i) => registry.register(alice, Meter, meter(), { n: i, always: 1 }));
  const filters: [text: string, expected: number[]][] = [
    [large('&', (i) => `(name${i}=x)`), []],
    [large('&', (i) => `(!(name${i}=x))`), services.map(({ reference }) => reference.id)],
    [large('&', () => '(always=1)'), services.map(({ reference }) => reference.id)],
    [`(&(n=7)${large('|', (i) => `(n=${i})`)})`, [services[7]!.reference.id]],
    [`${'(!'.repeat(MEGABYTE / 4)}(n=7)${')'.repeat(MEGABYTE / 4)}`, [services[7]!.reference.id]],
  ];
  for (const [text, expected] of filters) {
    assert.ok(text.length >= MEGABYTE / 2);
    assert.deepEqual(
      registry.references(Meter, text).map(({ id }) => id),
      expected,
    );
    let heard = 0;
    const stop = registry.listen(bob, () => void heard++, { filter: text });
    services[7]!.setProperties({ n: 7, always: 1 });
    assert.equal(heard, expected.length === 0 ? 0 : 1);
    void stop();
  }
  assert.equal(registry.references(Meter, '(n=3)').length, 1, 'the names that it made up push nothing out for good');
});

test('a wrong filter of 1 MB is refused with one sentence, and nothing is changed', () => {
  const { registry } = newRegistry();
  const registration = registry.register(alice, Meter, meter(), { n: 1 });
  const wrong = [
    large('&', (i) => `(name${i}=x)`).slice(0, -1),
    '('.repeat(MEGABYTE),
    `(a=${'('.repeat(MEGABYTE)})`,
    `(${'a'.repeat(MEGABYTE)})`,
    '(!'.repeat(MEGABYTE / 2),
    'x'.repeat(MEGABYTE),
  ];
  for (const text of wrong) {
    for (const act of [
      () => registry.references(undefined, text),
      () => registry.reference(Meter, text),
      () => registry.listen(bob, () => assert.fail('it listens'), { filter: text }),
    ]) {
      assert.throws(act, (error) => {
        const { code, message, context } = error as RackwattError;
        assert.equal(code, 'FILTER_SYNTAX');
        assert.ok(JSON.stringify([message, context]).length < 1_000, 'it does not carry the megabyte along');
        assert.match(message, /^Filter ".*" is wrong at position \d+: [^.]*\.$/);
        return true;
      });
    }
  }
  registration.setProperties({ n: 2 });
  assert.equal(registry.size, 1);
});
