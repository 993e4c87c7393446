import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestCenter } from './support/center.js';
import { Gateway } from './support/gateway.js';
import { TestProxy } from './support/proxy.js';

const capabilities = ['monitor', 'configure', 'update'];

test('30 through a proxy with a password; one that dies in a download is no end of it', async (t) => {
  const center = await TestCenter.start(t);
  const proxy = await TestProxy.start(t, 'gw', 'pass-word');
  const gateway = new Gateway(t);
  gateway.properties = { ...center.settings, capabilities, proxy: proxy.url };
  await gateway.start();
  await gateway.enrolled();
  const archive = Buffer.alloc(500_000, 'an archive ');
  let ranges = 0;
  center.before = (request, response) => {
    if (!request.url!.includes('artifacts') || request.headers.range) {
      ranges += request.headers.range ? 1 : 0;
      return false;
    }
    response.writeHead(200, { 'content-length': archive.length });
    response.write(archive.subarray(0, 100_000), () => setTimeout(() => proxy.cut(), 100));
    return true;
  };
  await center.desire({ bundles: { '@acme/driver': { version: '1.0.0', ...center.keep(archive) } } });
  await gateway.phase(1, 'converged');
  assert.equal(ranges, 1);
  const seen = JSON.stringify([center.reports, await gateway.agent.log(), await gateway.agent.status(), gateway.lines]);
  assert.ok(!seen.includes('pass-word'), '67 the password is nowhere');
});

test('30 a proxy that wants another password, and a page of a hotel, are told apart', async (t) => {
  const center = await TestCenter.start(t);
  const proxy = await TestProxy.start(t, 'gw', 'right');
  const gateway = new Gateway(t);
  gateway.properties = { ...center.settings, capabilities, proxy: proxy.urlWith('gw:wrong') };
  await gateway.start();
  const denied = await gateway.status('it says so', ({ trouble }) => /name or password/.test(trouble?.message ?? ''));
  assert.ok(!JSON.stringify(denied).includes('wrong'));
  proxy.isCaptive = true;
  const { trouble } = await gateway.status(
    'it says so',
    ({ trouble: found }) => found !== undefined && !/password/.test(found.message),
  );
  assert.equal(trouble!.code, 'CENTER_UNREACHABLE');
  assert.deepEqual(center.requests, []);
});
