import assert from 'node:assert/strict';
import { TestContainer } from '../support/container.js';
import { capabilitiesOf, parseManifest, requirementsOf, resolve, type Capability } from '../support/wiring.js';
import { item } from './item.js';
import { install, provides, requires, wiredTo } from './wired.js';

item(82, async (t) => {
  const c = new TestContainer(t);
  const one = await install(c, 'one', { version: '1.0.0', ...provides('acme.x', { version: '1.0.0' }) });
  await one.resolve();
  await assert.rejects(install(c, 'one', { version: '2.0.0' }), {
    code: 'BUNDLE_DUPLICATE',
    message: /update it instead/,
  });
  await c.update(one, '', { version: '2.0.0', ...provides('acme.x', { version: '2.0.0' }) });
  const user = await install(c, 'user', requires('acme.x'));
  await user.resolve();
  assert.deepEqual(wiredTo(user), ['one 2.0.0']);
  const old = await install(c, 'old', requires('acme.x', { version: '^1' }));
  await assert.rejects(old.resolve(), { code: 'BUNDLE_RESOLVE' });
});

item(89, async (t) => {
  const c = new TestContainer(t);
  const bundle = await install(c, '@acme/meter', { version: '1.2.3-rc.1', description: 'Reads meters' });
  const [identity, ...others] = bundle.revision.capabilities.filter(
    ({ namespace }) => namespace === 'rackwatt.identity',
  );
  assert.equal(others.length, 0);
  const { version, ...texts } = identity!.attributes;
  assert.deepEqual(texts, {
    'rackwatt.identity': '@acme/meter',
    type: 'rackwatt.bundle',
    description: 'Reads meters',
  });
  assert.equal(String(version), '1.2.3-rc.1');
  const filter = '(&(rackwatt.identity=@acme/meter)(type=rackwatt.bundle)(version>=1.2.3-rc.1))';
  const user = await install(c, 'user', requires('rackwatt.identity', { filter }));
  await user.resolve();
  assert.deepEqual(wiredTo(user), ['@acme/meter 1.2.3-rc.1']);
  await assert.rejects(install(c, 'liar', provides('rackwatt.identity', { 'rackwatt.identity': 'other' })), {
    code: 'BUNDLE_MANIFEST',
  });
});

item(90, async (t) => {
  const c = new TestContainer(t);
  const components = [
    {
      name: 'acme.meter',
      provides: ['acme/Meter@1'],
      references: {
        clock: { contract: 'acme/Clock@1', cardinality: '1..1', policy: 'static', target: '(accuracy>=3)' },
        log: { contract: 'acme/Log@1', cardinality: '0..1', policy: 'dynamic' },
      },
    },
  ];
  const bundle = await install(c, 'meter', { rackwatt: { components } });
  const service = (all: readonly { namespace: string }[]) =>
    all.filter(({ namespace }) => namespace === 'rackwatt.service');
  const { capabilities, requirements } = bundle.revision;
  assert.deepEqual(service(capabilities), [
    {
      namespace: 'rackwatt.service',
      attributes: { 'rackwatt.service': 'acme/Meter@1', component: 'acme.meter' },
      mandatory: [],
      effective: 'active',
    },
  ]);
  assert.deepEqual(
    requirements.map(({ name, optional, effective, filter }) => [name, optional, effective, filter?.toString()]),
    [
      ['acme/Clock@1', false, 'active', '(accuracy>=3)'],
      ['acme/Log@1', true, 'active', undefined],
    ],
  );
  await bundle.resolve();
  assert.equal(bundle.state, 'RESOLVED', 'services come later, and nobody waits for them here');
});

item(91, async (t) => {
  const c = new TestContainer(t);
  const extends_ = (extender: string) => requires('acme.extender', { filter: `(acme.extender=${extender})` });
  const extender = await install(c, 'pages', provides('acme.extender', { 'acme.extender': 'pages', version: '1.0.0' }));
  await install(c, 'rules', provides('acme.extender', { 'acme.extender': 'rules' }));
  const mine = await install(c, 'mine', extends_('pages'));
  await install(c, 'other', extends_('rules'));
  await install(c, 'none');
  await c.framework.wiring.resolve();
  const wires = extender.revision.wiring!.providedWires('acme.extender');
  assert.deepEqual(
    wires.map(({ requirer }) => requirer),
    [mine.revision],
  );
});

item(92, () => {
  const resource = (name: string, rackwatt: object, more: object = {}) => {
    const manifest = parseManifest(
      JSON.stringify({ name, version: '1.0.0', main: 'index.js', rackwatt, ...more }),
      name,
    );
    return { name, capabilities: capabilitiesOf(manifest), requirements: requirementsOf(manifest) };
  };
  const all = [
    resource('app', {}, { peerDependencies: { api: '^1' } }),
    resource('api', { contracts: ['.'], requires: [{ namespace: 'acme.disk' }] }),
    resource('disk', { provides: [{ namespace: 'acme.disk' }] }),
    resource('lost', { requires: [{ namespace: 'acme.nowhere' }] }),
  ];
  type Resource = (typeof all)[number];
  const fits = (namespace: string, name: string | undefined) => (each: Capability) =>
    each.namespace === namespace && (name === undefined || each.attributes[namespace] === name);
  const context = {
    candidates: ({ namespace, name }: Resource['requirements'][number]) =>
      all.flatMap((one) =>
        one.capabilities.filter(fits(namespace, name)).map((capability) => ({ resource: one, capability })),
      ),
    isResolved: () => false,
  };
  const found = resolve([all[0]!], context);
  assert.deepEqual(
    [...found.wires!].map(([from, wires]) => [from.name, wires.map(({ resource: to }) => to.name)]),
    [
      ['app', ['api']],
      ['api', ['disk']],
      ['disk', []],
    ],
  );
  assert.deepEqual(
    resolve([all[0]!, all[3]!], context).failure?.map(({ resource: { name } }) => name),
    ['lost'],
  );
  // A long chain is no deeper than a short one.
  const long = Array.from({ length: 100_000 }, (_, at) => ({
    name: String(at),
    requirements: [{ namespace: 'link', name: String(at + 1), optional: false, effective: 'resolve' }],
    capability: { namespace: 'link', attributes: { link: String(at) }, mandatory: [], effective: 'resolve' },
  }));
  type Link = (typeof long)[number];
  const chain = {
    candidates: ({ name }: { name?: string }) => {
      const next = name === undefined ? undefined : long[Number(name)];
      return next ? [{ resource: next, capability: next.capability }] : [];
    },
    isResolved: ({ name }: Link) => name === '99999',
  };
  assert.equal(resolve([long[0]!], chain).wires?.size, 99_999);
  const broken = { ...chain, isResolved: () => false };
  assert.equal(resolve([long[0]!], broken).failure?.length, 100_000);
});
