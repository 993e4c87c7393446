import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { ConfigurationAdmin, SynchronousConfigurationListener, type ConfigurationEvent } from 'rackwatt';
import { RunningNode, turns } from '../support/running-node.js';
import { item } from './item.js';

const PID = 'acme.meter';

/** Events as they are heard within the change, each with what the file says by then. */
function heard(node: RunningNode): (ConfigurationEvent & { stored: unknown })[] {
  const events: (ConfigurationEvent & { stored: unknown })[] = [];
  node.register(SynchronousConfigurationListener, {
    configurationChanged: (event) => void events.push({ ...event, stored: node.document.configurations[event.pid] }),
  });
  return events;
}

item(248, async (t) => {
  const node = await RunningNode.start(t, { 'acme.device~a': { site: 'FRA1', at: { rack: 'R1' }, ports: [1, 2] } });
  const { admin } = node;
  const before = node.text;
  assert.deepEqual(await admin.configuration(PID), { pid: PID, changeCount: 0 });
  assert.equal(node.text, before);
  const pids = async (filter?: string): Promise<string[]> => (await admin.list(filter)).map(({ pid }) => pid);
  assert.deepEqual(await pids(), ['acme.device~a']);
  assert.deepEqual(await pids('(site=nowhere)'), []);
  await admin.update(PID, { site: 'FRA2' });
  assert.deepEqual(await pids(), ['acme.device~a', PID]);
  const device = ['acme.device~a'];
  for (const filter of ['(site=FRA1)', '(at.rack=R1)', '(ports=2)', '(service.factoryPid=acme.device)'])
    assert.deepEqual(await pids(filter), device, filter);
  assert.deepEqual(await pids(`(service.pid=${PID})`), [PID]);
  await assert.rejects(admin.list('(site='), { code: 'FILTER_SYNTAX' });
  assert.equal(node.registry.reference(ConfigurationAdmin)?.owner?.name, 'rackwatt', 'it is a service');
});

item(249, async (t) => {
  const node = await RunningNode.start(t);
  const { admin } = node;
  const events = heard(node);
  const given = { Site: 'FRA1', list: ['a'], 'service.pid': 'forged', 'Service.FactoryPid': 'forged' };
  const updating = admin.update(PID, given);
  given.list.push('later');
  await updating;
  const stored = { Site: 'FRA1', list: ['a'] };
  assert.deepEqual(node.document.configurations[PID], stored);
  assert.deepEqual(events, [{ type: 'UPDATED', pid: PID, stored }]);
  const { properties } = await admin.configuration(PID);
  assert.deepEqual(properties, stored);
  (properties!['list'] as string[]).push('mine');
  assert.deepEqual((await admin.configuration(PID)).properties, stored, 'what was given away is a copy');
  assert.equal((await admin.list('(SITE=FRA1)')).length, 1);
  assert.equal((await admin.list('(service.pid=forged)')).length, 0);
  await assert.rejects(admin.update(PID, { site: 'a', Site: 'b' }), { code: 'CONFIG_INVALID', message: /same key/ });
  assert.deepEqual(node.document.configurations[PID], stored);
});

item(250, async (t) => {
  const node = await RunningNode.start(t);
  const values = { text: 'a', number: 1.5, flag: true, nothing: null, list: [1, 2], object: { inside: ['x'] } };
  await node.admin.update(PID, values);
  assert.deepEqual(node.document.configurations[PID], values);
  const before = node.text;
  for (const value of [() => 1, Symbol('s'), 10n, Number.NaN, Number.POSITIVE_INFINITY, new Date(0), new Map()])
    await assert.rejects(node.admin.update(PID, { deep: [{ value }] }), { code: 'CONFIG_INVALID' });
  assert.equal(node.text, before);
});

item(251, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 1, b: [{ c: 2 }] } });
  const events = heard(node);
  const before = node.text;
  assert.equal(await node.admin.updateIfDifferent(PID, { b: [{ c: 2 }], a: 1 }), false);
  assert.deepEqual([events, node.text], [[], before]);
  assert.equal(await node.admin.updateIfDifferent(PID, { a: 2 }), true);
  assert.deepEqual(node.document.configurations[PID], { a: 2 });
  assert.equal(events.length, 1);
});

item(252, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 1 } });
  const { admin } = node;
  const { changeCount } = await admin.configuration(PID);
  await admin.delete(PID);
  assert.equal(PID in node.document.configurations, false);
  assert.deepEqual(await admin.configuration(PID), { pid: PID, changeCount: 0 });
  const before = node.text;
  await assert.rejects(admin.delete(PID), { code: 'CONFIG_UNKNOWN' });
  await assert.rejects(admin.update(PID, { a: 2 }, { changeCount }), { code: 'CONFIG_CHANGED_MEANWHILE' });
  assert.equal(node.text, before);
  await admin.update(PID, { a: 3 });
  await assert.rejects(admin.delete(PID, { changeCount }), { code: 'CONFIG_CHANGED_MEANWHILE' });
  assert.deepEqual(node.document.configurations[PID], { a: 3 }, 'what came after it is another one');
});

item(253, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 1 }, other: { x: 1 } });
  const { admin } = node;
  const count = async (): Promise<number> => (await admin.configuration(PID)).changeCount;
  const other = (await admin.configuration('other')).changeCount;
  const counts = [await count()];
  assert.ok(counts[0]! > 0);
  for (let a = 2; a < 5; a++) {
    await admin.update(PID, { a }, { changeCount: counts.at(-1)! });
    counts.push(await count());
  }
  await admin.edit([{ path: ['configurations', PID, 'a'], value: 9 }]);
  counts.push(await count());
  await admin.delete(PID);
  await admin.update(PID, { a: 1 });
  counts.push(await count());
  assert.equal(new Set(counts).size, counts.length);
  assert.deepEqual(
    counts,
    counts.toSorted((a, b) => a - b),
  );
  await admin.update(PID, { a: 1 });
  assert.equal(await count(), counts.at(-1), 'nothing changed');
  assert.equal((await admin.configuration('other')).changeCount, other);
});

item(254, async (t) => {
  const node = await RunningNode.start(t);
  const { pid } = await node.admin.factoryConfiguration('acme.device');
  await node.admin.update(pid, { a: 1 });
  await node.admin.update(PID, { b: 2 });
  await node.restart();
  const configurations = (await node.admin.list()).map(({ pid: each, properties }) => [each, properties]);
  assert.deepEqual(Object.fromEntries(configurations), { [pid]: { a: 1 }, [PID]: { b: 2 } });
  assert.deepEqual(
    (await node.admin.list('(service.factoryPid=acme.device)')).map((each) => each.pid),
    [pid],
  );
});

item(255, async (t) => {
  const node = await RunningNode.start(t);
  const { admin } = node;
  const one = await admin.factoryConfiguration('acme.device');
  const two = await admin.factoryConfiguration('acme.device');
  assert.notEqual(one.pid, two.pid);
  assert.match(one.pid, /^acme\.device~./);
  assert.equal(one.factoryPid, 'acme.device');
  const named = await admin.factoryConfiguration('acme.device', 'rack1-a');
  assert.deepEqual(named, { pid: 'acme.device~rack1-a', factoryPid: 'acme.device', changeCount: 0 });
  assert.equal(PID in node.document.configurations, false);
  for (const { pid } of [one, two, named]) await admin.update(pid, { of: pid });
  const again = await admin.factoryConfiguration('acme.device', 'rack1-a');
  assert.deepEqual(again.properties, { of: named.pid });
  assert.equal((await admin.list('(service.factoryPid=acme.device)')).length, 3);
});

item(271, async (t) => {
  const node = await RunningNode.start(t, { [PID]: { a: 1 }, other: { b: 1 } });
  const texts = new Set([node.text]);
  let torn = 0;
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      const text = readFileSync(node.file, 'utf8');
      texts.add(text);
      try {
        JSON.parse(text);
      } catch (error) {
        if (error instanceof SyntaxError) torn++;
      }
      await turns();
    }
  })();
  for (let a = 2; a < 12; a++) await node.admin.update(PID, { a, padding: 'x'.repeat(100_000) });
  stop.abort();
  await looking;
  assert.equal(torn, 0);
  assert.ok(texts.size > 3, 'the changes were seen');
  assert.deepEqual(
    readdirSync(node.home).filter((name) => name.endsWith('.tmp')),
    [],
  );
  await node.admin.update(PID, { a: 1 });
  await node.stop();
  const half = node.text.slice(0, -20);
  writeFileSync(node.file, half);
  await assert.rejects(node.start(), { code: 'CONFIG_INVALID', message: /runtime\.config\.json:\d+:\d+: / });
  assert.equal(node.text, half);
});

item(271, async (t) => {
  const node = await RunningNode.start(t);
  const seen: unknown[] = [];
  await node.reader('reader', 'acme.fine', { seen });
  await node.stop();
  node.write({
    ...node.document,
    configurations: { 'acme.fine': { a: 1 }, [PID]: { credentials: { $secret: 'gone' } } },
  });
  seen.splice(0);
  await node.start();
  assert.deepEqual(seen, [{ a: 1 }], 'a configuration that cannot be used keeps no other from loading');
  assert.match(node.lines.join('\n'), /acme\.meter.*"gone", which does not exist/);
});
