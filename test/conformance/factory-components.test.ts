import assert from 'node:assert/strict';
import type { ComponentFactory, FactoryInstance } from 'rackwatt';
import { rackwatt, type TestContainer } from '../support/container.js';
import { Meter, meters } from './meters.js';
import { bothStyles, type Described, type Style } from './styles.js';

const { one } = rackwatt;
const USER = { id: 901, name: 'user' };

const referenceTo = (c: TestContainer) =>
  c.framework.registry.reference(rackwatt.ComponentFactory, '(component.factory=acme.channel)');

const factoryIn = (c: TestContainer): ComponentFactory => c.framework.registry.get(USER, referenceTo(c)!)!;

/** A component whose instances a factory makes, and that writes down what becomes of them. */
function channel(style: Style, seen: string[], extra: Partial<Described> = {}): Described {
  return style.component({
    name: 'channel',
    factory: 'acme.channel',
    factoryProperties: { vendor: 'acme' },
    provides: rackwatt.AnyService as never,
    references: { meter: one(Meter) },
    activate: ({ context }) => void seen.push(`up ${String(context.properties['port'])}`),
    deactivate: ({ context }, reason) => void seen.push(`down ${String(context.properties['port'])} ${reason}`),
    ...extra,
  });
}

bothStyles(240, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  await style.start(c, 'acme', channel(style, seen));
  assert.equal(referenceTo(c), undefined, 'no instance could be satisfied');
  const meter = register('m');
  await c.settled();
  const reference = referenceTo(c)!;
  assert.equal(reference.property('component.name'), 'channel');
  assert.equal(reference.property('component.factory'), 'acme.channel');
  assert.equal(reference.property('vendor'), 'acme');
  assert.deepEqual(meter.reference.users(), [], 'it binds none itself');
  assert.deepEqual(seen, []);
  meter.unregister();
  await c.settled();
  assert.equal(referenceTo(c), undefined);
});

bothStyles(241, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  register('m');
  const failing = ({ context }: { context: { properties: object } }): void => {
    const { port } = context.properties as { port: number };
    if (port > 65_535) throw new rackwatt.RackwattError('TEST', 'no such port');
    seen.push(`up ${port}`);
  };
  await style.start(c, 'acme', channel(style, seen, { activate: failing }));
  const factory = factoryIn(c);
  const [first, second] = [await factory.newInstance({ port: 1 }), await factory.newInstance({ port: 2 })];
  assert.deepEqual(seen, ['up 1', 'up 2']);
  assert.notEqual(first.instance, second.instance);
  const services = c.framework.registry.references(rackwatt.AnyService);
  assert.deepEqual(
    services.map((reference) => reference.property('port')),
    [1, 2],
  );
  assert.equal(c.framework.registry.get(USER, services[0]!), first.instance);
  await assert.rejects(factory.newInstance({ port: 3, 'meter.target': '(room=z)' }), {
    code: 'COMPONENT_UNSATISFIED',
    message: /no instance of channel could be made: reference "meter" needs 1 of test\/Meter@1 with \(room=z\)/,
  });
  await assert.rejects(factory.newInstance({ port: 70_000 }), { code: 'COMPONENT_FAILED', message: /no such port/ });
  await c.settled();
  assert.equal(c.framework.components.instances().length, 3, 'the factory and two instances');
});

bothStyles(242, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  register('m');
  let itself: FactoryInstance | undefined;
  const extra: Partial<Described> = {
    activate: ({ context }) => void (itself = context.instance),
  };
  await style.start(c, 'acme', channel(style, seen, extra));
  const made = await factoryIn(c).newInstance({ port: 1 });
  assert.notEqual(made.instance, undefined);
  assert.equal(itself!.instance, made.instance);
  await made.dispose();
  assert.deepEqual(seen.splice(0), ['down 1 disposed']);
  assert.equal(made.instance, undefined);
  assert.equal(c.framework.registry.reference(rackwatt.AnyService), undefined);
  await made.dispose();
  assert.deepEqual(seen.splice(0), []);
  await factoryIn(c).newInstance({ port: 2 });
  await itself!.dispose();
  assert.deepEqual(seen, ['down 2 disposed']);
});

bothStyles(243, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const meter = register('m');
  await style.start(c, 'acme', channel(style, seen));
  const made = await factoryIn(c).newInstance({ port: 1 });
  meter.unregister();
  await c.settled();
  assert.deepEqual(seen.splice(0), ['up 1', 'down 1 reference']);
  register('again');
  await c.settled();
  assert.deepEqual(seen, []);
  assert.equal(made.instance, undefined);
  await factoryIn(c).newInstance({ port: 2 });
  assert.deepEqual(seen, ['up 2']);
});

bothStyles(244, async (t, style) => {
  const { c, register } = meters(t);
  register('m');
  c.configure('channel~one', { port: 1 });
  await style.start(c, 'acme', channel(style, []));
  assert.equal(referenceTo(c), undefined);
  assert.ok(
    c.log.some(
      ({ level, message }) => level === 'error' && /channel~one cannot be used: instances of the factory/.test(message),
    ),
  );
  c.configure('channel~one', undefined);
  c.configure('channel', { port: 2 });
  await c.settled();
  const made = await factoryIn(c).newInstance();
  assert.equal(c.framework.registry.reference(rackwatt.AnyService)!.property('port'), 2);
  await made.dispose();
});

bothStyles(245, async (t, style) => {
  const { c, register } = meters(t);
  const seen: string[] = [];
  const meter = register('m', { room: 'a' });
  register('spare', { room: 'b' });
  await style.start(c, 'acme', channel(style, seen, { properties: { 'meter.target': '(room=a)' } }));
  const factory = factoryIn(c);
  const made = await factory.newInstance({ port: 1, 'meter.target': '(room=b)' });
  meter.unregister();
  await c.settled();
  assert.equal(referenceTo(c), undefined);
  assert.deepEqual(seen, ['up 1']);
  assert.notEqual(made.instance, undefined);
  await assert.rejects(factory.newInstance({ port: 2 }), { code: 'COMPONENT_NOT_ACTIVE' });
});
