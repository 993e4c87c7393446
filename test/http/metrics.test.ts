import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricFamily, MetricsSource } from '@rackwatt/http/contract';
import { raw, startServer } from './server.js';

const power = (rack: string, value: number): MetricFamily => ({
  name: 'rackwatt_power_active_watts',
  help: 'Active power',
  type: 'gauge',
  samples: [{ labels: { rack, level: 'inlet', feed: '' }, value }],
});

test('metrics of all sources are one well-formed exposition', async (t) => {
  const { metrics, url, lines } = await startServer(t);
  metrics.bring({
    collect: async () => [power('R1', 1234.5), power('R1', 1), power('a"b\\c\nd', Number.POSITIVE_INFINITY)],
  });
  const take = metrics.bring({
    collect: async () => [power('R2', Number.NaN), { ...power('R3', 1), name: 'not a name' }],
  });
  metrics.bring({
    collect: async () => {
      throw new TypeError('source broke');
    },
  } satisfies MetricsSource);
  const { text, headers } = await raw(url, '/metrics');
  assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(text.match(/# TYPE rackwatt_power_active_watts gauge/g)?.length, 1);
  assert.match(text, /^rackwatt_power_active_watts\{level="inlet",rack="R1"\} 1234\.5$/m);
  assert.equal(text.match(/rack="R1"/g)?.length, 1);
  assert.match(text, /^rackwatt_power_active_watts\{level="inlet",rack="a\\"b\\\\c\\nd"\} \+Inf$/m);
  assert.match(text, /^rackwatt_power_active_watts\{level="inlet",rack="R2"\} NaN$/m);
  assert.doesNotMatch(text, /not a name/);
  assert.match(text, /^rackwatt_metrics_source_errors_total 1$/m);
  for (const line of text.trimEnd().split('\n')) {
    assert.match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="([^"\\]|\\.)*",?)+\})? [-+.\deINaFnf]+)$/, line);
  }
  assert.ok(lines.some((line) => /metrics source failed/.test(line.message)));
  take();
  const after = await raw(url, '/metrics');
  assert.doesNotMatch(after.text, /R2/);
  assert.match(after.text, /^rackwatt_http_requests_total\{method="GET",route="\/metrics",status="200"\} 1$/m);
});
