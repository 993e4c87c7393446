import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { until } from '../support/node.js';
import { TestCenter } from './support/center.js';
import { Gateway } from './support/gateway.js';

const ARCHIVE = Buffer.from(Array.from({ length: 40_000 }, (_, index) => `line ${index}\n`).join(''));
const OTHER = Buffer.alloc(ARCHIVE.length, 'x');
const pause = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

type Answer = (request: IncomingMessage, response: ServerResponse, time: number) => boolean | Promise<boolean>;

/** A gateway that is to have an archive, from a center that answers as it likes. */
async function downloading(
  t: TestContext,
  answer: Answer,
): Promise<{ center: TestCenter; gateway: Gateway; ranges: (string | undefined)[] }> {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  const ranges: (string | undefined)[] = [];
  gateway.deployment.before = async ({ archives }) => {
    const [{ file, expect }] = archives as [{ file: string; expect?: { digest?: string } }];
    assert.equal(createHash('sha256').update(readFileSync(file)).digest('hex'), expect!.digest);
  };
  center.before = (request, response) => {
    if (!request.url!.includes('artifacts')) return false;
    ranges.push(request.headers.range);
    return answer(request, response, ranges.length);
  };
  await center.desire({ bundles: { '@acme/driver': { version: '1.0.0', ...center.keep(ARCHIVE) } } });
  return { center, gateway, ranges };
}

function cut(response: ServerResponse, content: Buffer, length: number): true {
  response.writeHead(200, { 'content-length': content.length });
  response.write(content.subarray(0, length), () => setTimeout(() => response.destroy(), 50));
  return true;
}

test('45 a download that broke goes on where it was', async (t) => {
  const { gateway, ranges } = await downloading(
    t,
    (_request, response, time) => time === 1 && cut(response, ARCHIVE, 100_000),
  );
  await gateway.phase(1, 'converged');
  assert.equal(ranges.length, 2);
  const from = Number(/^bytes=(\d+)-$/.exec(ranges[1]!)![1]);
  assert.ok(from > 0 && from <= 100_000, `${from}`);
});

test('45 a server that ignores the range has the download begin anew', async (t) => {
  const { gateway, ranges } = await downloading(t, (_request, response, time) => {
    if (time === 1) return cut(response, ARCHIVE, 100_000);
    response.writeHead(200, { 'content-length': ARCHIVE.length }).end(ARCHIVE);
    return true;
  });
  await gateway.phase(1, 'converged');
  assert.equal(ranges.length, 2);
});

test('45 an archive that changes midway is found out, and fetched whole', async (t) => {
  const { gateway, ranges } = await downloading(
    t,
    (_request, response, time) => time === 1 && cut(response, OTHER, 100_000),
  );
  await gateway.status('it says so', () => gateway.lines.some((line) => line.includes('ARTIFACT_DIGEST')));
  await gateway.phase(1, 'converged');
  assert.equal(ranges[2], undefined);
});

const hostile: Record<string, Answer> = {
  'with a wrong length': (_request, response) => {
    response.writeHead(200, { 'content-length': 10 }).end(ARCHIVE.subarray(0, 10));
    return true;
  },
  'that does not end': (_request, response) => {
    response.writeHead(200);
    response.write(Buffer.alloc(ARCHIVE.length + 1));
    return true;
  },
  'that stalls': (_request, response) => {
    response.writeHead(200, { 'content-length': ARCHIVE.length });
    const timer = setInterval(() => response.write('x'), 200);
    response.once('close', () => clearInterval(timer));
    return true;
  },
  'that sends elsewhere': (_request, response) => {
    response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
    return true;
  },
  'that is a page of a hotel': (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome, please log in</html>');
    return true;
  },
  'with the bytes of another one': (_request, response) => {
    response.writeHead(200, { 'content-length': OTHER.length }).end(OTHER);
    return true;
  },
  'of another part': (_request, response, time) => {
    if (time % 2 === 1) return cut(response, ARCHIVE, 1000);
    response.writeHead(206, { 'content-range': `bytes 0-9/${ARCHIVE.length}`, 'content-length': 10 });
    response.end(ARCHIVE.subarray(0, 10));
    return true;
  },
};

for (const [what, answer] of Object.entries(hostile))
  test(`45 an answer ${what} is given up, and the next one taken`, async (t) => {
    let isHostile = true;
    const { gateway } = await downloading(t, (...given) => isHostile && answer(...given));
    const { desired } = await gateway.status(
      'it waits',
      ({ desired: found }) => found?.phase === 'waiting' && found.detail?.startsWith('ARTIFACT_') === true,
    );
    assert.ok(desired);
    const folder = join(gateway.folder, 'downloads');
    for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= ARCHIVE.length);
    assert.equal(gateway.deployment.changes.length, 0);
    isHostile = false;
    await gateway.phase(1, 'converged');
  });

test('44 an archive that the disk has no room for is not begun', async (t) => {
  const center = await TestCenter.start(t);
  const gateway = await Gateway.at(t, center);
  await gateway.enrolled();
  await center.desire({ bundles: { '@acme/driver': { version: '1.0.0', sha256: 'a'.repeat(64), size: 2 ** 31 } } });
  // Where the disk holds four gigabytes the center is asked, and has nothing.
  await gateway.status('it waits', ({ desired }) => /^(?:ARTIFACT_SPACE|CENTER_ANSWER)/.test(desired?.detail ?? ''));
  assert.equal(gateway.deployment.changes.length, 0);
});

test('59 disabled in the middle of a download, it ends at once and stays off', async (t) => {
  const { center, gateway } = await downloading(t, (_request, response) => {
    response.writeHead(200, { 'content-length': ARCHIVE.length }).write(ARCHIVE.subarray(0, 1000));
    return true;
  });
  await gateway.phase(1, 'downloading');
  await gateway.agent.withdraw([], 'user root');
  await until('nothing is connected', () => center.connections === 0);
  assert.deepEqual(gateway.properties!['capabilities'], []);
  assert.equal(center.reports.at(-1)!.desired!.phase, 'cancelled');
  center.requests.length = 0;
  await gateway.restart();
  await pause(300);
  assert.deepEqual(center.requests, []);
  assert.equal((await gateway.agent.status()).state, 'off');
});
