import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { documentSchema, validate } from '../support/configuration.js';

const docs = fileURLToPath(new URL('../../../docs/', import.meta.url));
const published = `${docs}runtime.config.schema.json`;

test('the schema that editors use is the one that nodes use (RACKWATT_UPDATE=1 writes it anew)', () => {
  if (process.env['RACKWATT_UPDATE'] === '1')
    writeFileSync(published, `${JSON.stringify(documentSchema, undefined, 2)}\n`);
  assert.deepEqual(JSON.parse(readFileSync(published, 'utf8')), JSON.parse(JSON.stringify(documentSchema)));
});

test('the page for users names every setting of the framework and every setting of a bundle', () => {
  const page = readFileSync(`${docs}configuration.md`, 'utf8');
  const { framework, bundles } = documentSchema.properties;
  const { trust, log } = framework.properties;
  const names = [
    ...Object.keys(framework.properties),
    ...Object.keys(trust.properties).map((key) => `trust.${key}`),
    ...Object.keys(log.properties).map((key) => `log.${key}`),
    ...Object.keys(bundles.items.properties),
  ];
  for (const name of names.filter((key) => key !== 'trust' && key !== 'log'))
    assert.ok(page.includes(`| \`${name}\` |`), name);
});

test('the example on the page is valid', async () => {
  const page = readFileSync(`${docs}configuration.md`, 'utf8');
  const example: unknown = JSON.parse(/```json\n([\s\S]*?)```/.exec(page)![1]!);
  assert.deepEqual((await validate(documentSchema, example as Record<string, unknown>)).mistakes, []);
});
