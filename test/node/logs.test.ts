import assert from 'node:assert/strict';
import { test } from 'node:test';

const { Logs } = (await import(
  new URL('../../../src/dist/node/logs.js', import.meta.url).href
)) as typeof import('../../src/node/logs.js');

test('another level holds for every logger, those that were made before too', () => {
  const logs = new Logs({ level: 'info' });
  const logger = logs.logger('acme', 'acme.meter');
  const said = (): unknown[] => logs.recent().map(({ msg }) => msg);
  logger.debug('one');
  logs.level = 'debug';
  logger.debug('two');
  logs.logger('other').debug('three');
  logs.level = 'error';
  logger.warn('four');
  assert.deepEqual(said(), ['two', 'three']);
  assert.equal(logs.level, 'error');
});
