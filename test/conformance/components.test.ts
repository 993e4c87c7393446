import assert from 'node:assert/strict';
import { one, contract } from 'rackwatt';
import { TestContainer } from '../support/container.js';
import { bothStyles } from './styles.js';

interface Meter {
  name: string;
}
const Meter = contract<Meter>('test/Meter', { major: 1, local: true });
const OUTSIDE = { id: 7, name: 'outside' };

bothStyles(175, async (t, style) => {
  const c = new TestContainer(t);
  const seen: string[] = [];
  await style.start(
    c,
    'a',
    style.component({
      name: 'a',
      references: { meter: one(Meter) },
      activate: ({ references }) => void seen.push(`up ${references.meter.name}`),
      deactivate: ({ references }, reason) => void seen.push(`down ${references.meter.name} ${reason}`),
    }),
  );
  assert.deepEqual(seen, []);
  const meter = c.framework.registry.register(OUTSIDE, Meter, { name: 'm' });
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up m']);
  meter.unregister();
  await c.settled();
  assert.deepEqual(seen, ['down m reference']);
});
