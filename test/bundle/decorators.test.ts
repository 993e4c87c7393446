import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collectGarbage, rackwatt, TestContainer } from '../support/container.js';

const SOURCE = `
import { contract, one, type Scope } from 'rackwatt';
import { Activate, Component, Deactivate, inject, injectable, Modified, Reference, type Activation } from 'rackwatt/decorators';

const Meter = contract<{ watts(): number }>('test/Meter', { major: 1, local: true });
export const Total = contract<{ total(): number }>('test/Total', { major: 1, local: true });

@injectable()
class Scale {
  constructor(@inject('config') readonly config: { factor: number }) {}
}

@Component({ name: 'total', provides: Total, configuration: { policy: 'require' } })
export class TotalPower {
  @Reference(one(Meter)) readonly meter!: { watts(): number };
  factor = 0;
  constructor(private readonly scale: Scale) {}
  @Activate() up({ scope }: Activation) {
    this.factor = this.scale.config.factor;
    scope.add('mark', () => undefined);
  }
  @Modified() change({ config }: Activation<{ factor: number }>) { this.factor = config.factor; }
  @Deactivate() down(reason: string) { (globalThis as any).__down = reason; }
  total() { return this.meter.watts() * this.factor; }
}
`;

test('a decorated class is a component: references, private parts by tsyringe, modified, deactivate', async (t) => {
  const c = new TestContainer(t);
  const Meter = rackwatt.contract<{ watts(): number }>('test/Meter', { major: 1, local: true });
  const Total = rackwatt.contract<{ total(): number }>('test/Total', { major: 1, local: true });
  const owner = { id: 50, name: 'outside' };
  c.configurations.set('total', { pid: 'total', values: { factor: 2 }, properties: {} });
  const root = c.write('acme', { 'index.ts': SOURCE }, { main: './index.ts' });
  const bundle = c.framework.install(await c.source(root), { startLevel: 1 });
  await c.framework.setStartLevel(1);
  await bundle.start();
  assert.equal(c.state('total'), 'unsatisfied');
  const meter = c.framework.registry.register(owner, Meter, { watts: () => 21 });
  await c.settled();
  assert.equal(c.state('total'), 'active', c.log.map(({ message }) => message).join('\n'));
  const total = c.framework.registry.get(owner, c.framework.registry.reference(Total)!) as { total(): number };
  assert.equal(total.total(), 42);
  c.configure('total', { factor: 3 });
  await c.settled();
  assert.equal(total.total(), 63);
  meter.unregister();
  await c.settled();
  assert.equal((globalThis as { __down?: string }).__down, 'reference');
  delete (globalThis as { __down?: string }).__down;
});

test('decorated revisions are freed: tsyringe is evaluated in each space', { timeout: 60_000 }, async (t) => {
  const c = new TestContainer(t);
  const code = (i: number) => `import { Component, injectable } from 'rackwatt/decorators';
    @injectable() class Part { ballast = new Array(131072).fill(${i}); }
    @Component({ name: 'x' }) export class X { constructor(readonly part: Part) {} }`;
  const roots = [0, 1].map((i) => c.write('x', { 'index.ts': code(i) }, { main: './index.ts' }));
  const bundle = c.framework.install(await c.source(roots[0]!), { startLevel: 1 });
  await c.framework.setStartLevel(1);
  await bundle.start();
  for (let i = 1; i <= 60; i++) await bundle.update(await c.source(roots[i % 2]!));
  assert.equal(c.state('x'), 'active');
  await collectGarbage(() => c.tokens.live().length <= 1, 50);
  assert.equal(c.tokens.live().length, 1);
});
