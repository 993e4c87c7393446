import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { rackwatt, TestContainer } from '../support/container.js';
import { until } from '../support/node.js';

interface Told {
  tell(): Promise<unknown>;
}
const Told = rackwatt.contract<Told>('test/Told', { major: 1, methods: ['tell'] });
const HEAD = `
const { component, contract } = require('rackwatt');
const Told = contract('test/Told', { major: 1, methods: ['tell'] });`;
const configured = `${HEAD} exports.set = component({
  name: 'set', provides: Told, configuration: { policy: 'require' },
  activate: ({ config, log }) => ({ tell: async () => { log.debug('asked'); return config.value; } }),
});`;

function told(c: TestContainer): Promise<unknown> | undefined {
  const reference = c.framework.registry.reference(Told);
  return reference && c.framework.registry.get({ id: 900, name: 'caller' }, reference)?.tell();
}

for (const kind of ['worker', 'process'] as const)
  suite(`the node steers a bundle in a ${kind}`, () => {
    test('its activator has the patience of the node', async (t) => {
      const c = new TestContainer(t, { patience: 300 });
      const code = `exports.activator = { start: () => new Promise(() => {}) };`;
      await assert.rejects(c.start('slow', code, {}, kind), /its activator did not finish starting in 0\.3 s/);
    });

    test('configurations that cannot reach it are an error of the bundle, which goes on with those it had', async (t) => {
      const c = new TestContainer(t);
      c.configure('set', { value: 1 });
      await c.start('set', configured, {}, kind);
      await until('it is up', () => told(c));
      c.configure('set', { value: () => 2 });
      await until('it is said', () => c.errors.some((message) => /the request "configure".*function/s.test(message)));
      assert.equal(await told(c), 1);
      c.configure('set', { value: 3 });
      await until('it takes the next', async () => (await told(c)) === 3);
    });

    test('configurations for one that is gone are no error', async (t) => {
      const c = new TestContainer(t);
      c.configure('set', { value: 1 });
      const code = configured.replace('return config.value', 'process.exit(3)');
      const bundle = await c.start('set', code, {}, kind);
      await until('it is up', () => c.framework.registry.reference(Told));
      void told(c)!.catch(() => undefined);
      c.configure('set', { value: 2 });
      await until('it is gone', () => bundle.info().recovery);
      assert.deepEqual(c.errors, []);
    });

    test('its log has the level of the node, also when that changes', async (t) => {
      const c = new TestContainer(t);
      const lines = (): number => c.log.filter(({ message }) => message === 'asked').length;
      const level = async (to: string): Promise<void> => {
        c.level = to;
        c.isolated.levelChanged();
        await told(c);
      };
      c.configure('set', { value: 1 });
      const bundle = await c.start('set', configured, {}, kind);
      await until('it is up', () => told(c));
      assert.equal(lines(), 0);
      await level('debug');
      await until('it is logged', () => lines() === 1);
      await level('info');
      assert.equal(lines(), 1);
      c.level = 'debug';
      await bundle.stop();
      await bundle.start();
      await until('it is up', () => told(c));
      await until('it is logged', () => lines() === 2);
    });

    test('whoever listens hears of its components, also of a run that begins later', async (t) => {
      const c = new TestContainer(t);
      let heard = 0;
      const stop = c.isolated.onChange(() => heard++);
      c.configure('set', { value: 1 });
      const bundle = await c.start('set', configured, {}, kind);
      await until('the first run is heard', () => heard > 0 && told(c));
      await bundle.stop();
      heard = 0;
      await bundle.start();
      await until('the second is heard', () => heard > 0 && told(c));
      void stop();
      heard = 0;
      c.configure('set', undefined);
      await until('it is down', () => c.framework.registry.reference(Told) === undefined);
      assert.equal(heard, 0);
    });
  });
