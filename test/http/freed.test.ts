import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { ComponentDefinition, HealthCheck } from 'rackwatt';
import { isFreed, REPOSITORY } from '../space/support.js';
import { activate, FakeSet } from './fakes.js';
import { echo } from './server.js';

async function serveOnce(t: TestContext, definition: ComponentDefinition): Promise<void> {
  const routes = new FakeSet<unknown>();
  const { service, scope } = await activate<HealthCheck>(t, definition, {
    config: { host: '127.0.0.1', port: 0, names: [], allowRemote: false },
    routes,
    pages: new FakeSet(),
    metrics: new FakeSet(),
  });
  const url = String((await service.check()).figures!['url']);
  routes.bring(echo('/x', 'x', { query: { type: 'object', properties: { n: { type: 'integer' } } } }));
  routes.bring(
    echo('/live', '', {
      handle: async ({ signal }) => ({
        events: (async function* () {
          yield { data: 1 };
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        })(),
      }),
    }),
  );
  assert.equal((await fetch(`${url}api/v1/x?n=1`)).status, 200);
  assert.equal((await fetch(`${url}api/v1/x?n=a`)).status, 400);
  assert.equal((await fetch(`${url}metrics`)).status, 200);
  const live = await fetch(`${url}api/v1/live`);
  assert.deepEqual(await scope.close(), []);
  assert.match(await live.text(), /data: 1/);
}

test('a revision of the bundle is freed after it served', async (t) => {
  // What the test runner keeps for later cleaning would keep the revision too.
  const after: (() => unknown)[] = [];
  const cleaning = { after: (clean: () => unknown) => after.push(clean) } as unknown as TestContext;
  t.after(() => Promise.all(after.map((clean) => clean())));
  const freed = await isFreed(join(REPOSITORY, 'bundles/http/dist'), async ({ http }) =>
    serveOnce(cleaning, http as ComponentDefinition),
  );
  after.length = 0;
  assert.ok(freed);
});
