import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Outcome, Trial } from './faults-child.js';

const CHILD = new URL('faults-child.js', import.meta.url).pathname;

/** Runs the trials in a process that must survive them all. */
async function outcomes(trials: Trial[]): Promise<Map<string, Outcome>> {
  const child = spawn(process.execPath, ['--expose-gc', '--enable-source-maps', CHILD], {
    stdio: 'pipe',
    timeout: 120_000,
  });
  child.stdin.end(JSON.stringify(trials));
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  assert.equal(child.exitCode ?? (await new Promise((resolve) => child.once('exit', resolve))), 0, errors);
  const lines = output.trim().split('\n');
  return new Map(lines.map((line) => JSON.parse(line) as Outcome).map((outcome) => [outcome.name, outcome]));
}

/** A component that does this soon after it came up. */
const later = (code: string): string =>
  `exports.x = require('rackwatt').component({ name: 'clumsy.x', activate() { setTimeout(async () => {}, 0); const work = () => { ${code} }; setImmediate(work); } });`;
/** A component that does this while it comes up. */
const at = (code: string): string =>
  `exports.x = require('rackwatt').component({ name: 'clumsy.x', activate() { ${code} } });`;
const WITNESS = `exports.x = require('rackwatt').component({ name: 'witness.x', activate() {} });`;

/** What a bundle may do wrong, and what is said of it. */
const FAULTS: Record<string, { code: string; says: RegExp }> = {
  'throws in a timer': { code: at(`setTimeout(() => { throw new Error('tripped'); }, 5);`), says: /tripped/ },
  'throws in an interval': { code: at(`setInterval(() => { throw new Error('tripped'); }, 5);`), says: /tripped/ },
  'throws in setImmediate': { code: at(`setImmediate(() => { throw new Error('tripped'); });`), says: /tripped/ },
  'throws in process.nextTick': {
    code: at(`process.nextTick(() => { throw new Error('tripped'); });`),
    says: /tripped/,
  },
  'throws in a microtask': { code: later(`queueMicrotask(() => { throw new Error('tripped'); });`), says: /tripped/ },
  'throws a text in a timer': { code: at(`setTimeout(() => { throw 'tripped'; }, 5);`), says: /tripped/ },
  'throws a text in an interval': { code: at(`setInterval(() => { throw 'tripped'; }, 5);`), says: /tripped/ },
  'throws a text in process.nextTick': {
    code: later(`process.nextTick(() => { throw 'tripped'; });`),
    says: /tripped/,
  },
  'throws a text in a microtask': { code: later(`queueMicrotask(() => { throw 'tripped'; });`), says: /tripped/ },
  'throws null': { code: at(`setTimeout(() => { throw null; }, 5);`), says: /null/ },
  'throws undefined': { code: at(`setTimeout(() => { throw undefined; }, 5);`), says: /undefined/ },
  'throws an object': { code: at(`setTimeout(() => { throw { what: 'tripped' }; }, 5);`), says: /tripped/ },
  'throws a symbol': { code: at(`setTimeout(() => { throw Symbol('tripped'); }, 5);`), says: /tripped/ },
  'throws a proxy that throws': {
    code: at(`setTimeout(() => { throw new Proxy({}, { get() { throw new Error('no'); } }); }, 5);`),
    says: /a thrown object/,
  },
  'throws an error with a stack that throws': {
    code: at(
      `setTimeout(() => { throw Object.defineProperty(new Error('tripped'), 'stack', { get() { throw new Error('no'); } }); }, 5);`,
    ),
    says: /tripped/,
  },
  'throws an error without a stack': {
    code: at(`setTimeout(() => { const e = new Error('tripped'); e.stack = undefined; throw e; }, 5);`),
    says: /tripped/,
  },
  'throws an error that causes itself': {
    code: at(`setTimeout(() => { const e = { message: 'tripped' }; e.cause = e; throw e; }, 5);`),
    says: /tripped/,
  },
  'throws an error with a stack of somebody else': {
    code: at(
      `setTimeout(() => { const e = new Error('tripped'); e.stack = 'Error\\n    at file:///%zz:1:1'; throw e; }, 5);`,
    ),
    says: /tripped/,
  },
  rejects: { code: at(`Promise.reject(new Error('tripped'));`), says: /tripped/ },
  'rejects with a text': { code: at(`Promise.reject('tripped');`), says: /tripped/ },
  'rejects with nothing': { code: at(`Promise.reject();`), says: /undefined/ },
  'rejects after a wait': {
    code: at(`(async () => { await new Promise((resolve) => setTimeout(resolve, 5)); throw 'tripped'; })();`),
    says: /tripped/,
  },
  'rejects in an async generator': {
    code: at(`(async function* () { yield 1; })().next().then(() => { throw new Error('tripped'); });`),
    says: /tripped/,
  },
  'rejects with an AggregateError': {
    code: at(`Promise.any([Promise.reject(new Error('one')), Promise.reject(new Error('two'))]);`),
    says: /All promises were rejected/,
  },
  'rejects with an error that only Node wrote': {
    code: at(`require('fs/promises').readFile('/nowhere/at/all');`),
    says: /ENOENT/,
  },
  'leaves an error of a socket unheard': { code: at(`require('net').connect(1, '127.0.0.1');`), says: /ECONNREFUSED/ },
  'leaves an error of a server unheard': {
    code: at(
      `require('net').createServer().listen(0, '127.0.0.1', function () { require('net').createServer().listen(this.address().port, '127.0.0.1'); });`,
    ),
    says: /EADDRINUSE/,
  },
  'leaves an error of a UDP socket unheard': {
    code: at(`require('dgram').createSocket('udp4').bind(1, '192.0.2.1');`),
    says: /EADDRNOTAVAIL|EACCES/,
  },
  'leaves an error of a request unheard': {
    code: at(`require('http').get('http://127.0.0.1:1/');`),
    says: /ECONNREFUSED/,
  },
  'leaves an error of a child process unheard': {
    code: at(`require('child_process').spawn('/nowhere/at/all');`),
    says: /ENOENT/,
  },
  'leaves an error of a worker unheard': {
    code: at(`new (require('worker_threads').Worker)('throw new Error("tripped")', { eval: true });`),
    says: /tripped/,
  },
  'leaves a text thrown by a worker unheard': {
    code: at(`new (require('worker_threads').Worker)('throw "tripped"', { eval: true });`),
    says: /tripped/,
  },
  'leaves an error of a stream unheard': {
    code: at(`require('fs').createReadStream('/nowhere/at/all');`),
    says: /ENOENT/,
  },
  'leaves an error of an emitter unheard': {
    code: at(`const e = new (require('events'))(); setTimeout(() => e.emit('error', new Error('tripped')), 5);`),
    says: /tripped/,
  },
  'leaves an emitted text unheard': {
    code: at(`const e = new (require('events'))(); setTimeout(() => e.emit('error', 'tripped'), 5);`),
    says: /tripped/,
  },
  'throws a text in a listener of a socket': {
    code: at(
      `const net = require('net'); const s = net.createServer((c) => c.end('x')).listen(0, '127.0.0.1', () => net.connect(s.address().port, '127.0.0.1').on('data', () => { throw 'tripped'; }));`,
    ),
    says: /tripped/,
  },
  'throws a text in a callback of the file system': {
    code: at(`require('fs').readFile(__filename, () => { throw 'tripped'; });`),
    says: /tripped/,
  },
  'throws in a listener of an EventTarget': {
    code: later(
      `const t = new EventTarget(); t.addEventListener('x', () => { throw 'tripped'; }); t.dispatchEvent(new Event('x'));`,
    ),
    says: /tripped/,
  },
  'throws a text in a message port': {
    code: at(
      `const { port1, port2 } = new MessageChannel(); port1.on('message', () => { throw 'tripped'; }); port2.postMessage(1);`,
    ),
    says: /tripped/,
  },
  'ends the process': { code: later(`process.exit(3);`), says: /process\.exit\(3\), which is refused/ },
  'ends the process by node:process': {
    code: later(`require('node:process').exit();`),
    says: /process\.exit\(\), which is refused/,
  },
  'ends the process in a promise': {
    code: later(`Promise.resolve(4).then(process.exit);`),
    says: /process\.exit\(4\), which is refused/,
  },
  'aborts the process': { code: later(`process.abort();`), says: /process\.abort\(\), which is refused/ },
  'kills the process': {
    code: later(`process.kill(process.pid, 'SIGKILL');`),
    says: /process\.kill\(\d+, SIGKILL\), which/,
  },
  'kills its group': { code: later(`process.kill(0);`), says: /process\.kill\(0\), which is refused/ },
  'moves the process': { code: later(`process.chdir('/');`), says: /process\.chdir\(\/\), which is refused/ },
  'takes no stack at all': {
    code: later(`Error.stackTraceLimit = 0; setTimeout(() => { throw new Error('tripped'); }, 5);`),
    says: /tripped/,
  },
};

const CONTRACT = {
  'index.js': '',
  'contract.js': `const { contract } = require('rackwatt');
    exports.Ring = contract('acme/Ring', { major: 1, methods: ['ring'], local: true });
    exports.demand = (value) => { if (!value) throw new Error('the contract demands a value'); };`,
};
const CONTRACT_MANIFEST = { exports: { './contract': './contract.js' }, rackwatt: { contracts: ['./contract'] } };
const IMPORTS = { peerDependencies: { ring: '*', rackwatt: '*' } };
const between = (provider: string, consumer: string): Pick<Trial, 'bundles' | 'manifests'> => ({
  bundles: {
    ring: CONTRACT,
    provider: `const { component } = require('rackwatt'); const { Ring, demand } = require('ring/contract');
      exports.x = component({ name: 'provider.x', provides: Ring, activate: () => ({ async ring(callback) { ${provider} } }) });`,
    consumer: `const { component, one } = require('rackwatt'); const { Ring, demand } = require('ring/contract');
      exports.x = component({ name: 'consumer.x', references: { ring: one(Ring) }, activate: ({ ring }) => { ${consumer} } });`,
    witness: WITNESS,
  },
  manifests: { ring: CONTRACT_MANIFEST, provider: IMPORTS, consumer: IMPORTS },
});

/** Between two bundles: whose fault it is. */
const ACROSS: Record<string, Pick<Trial, 'bundles' | 'manifests'> & { fails: string }> = {
  'a callback of a consumer that throws in a timer of the provider is the fault of the consumer': {
    ...between(`setTimeout(callback, 5);`, `ring.ring(() => { throw new Error('tripped'); });`),
    fails: 'consumer',
  },
  'a timer of a provider that throws after a call of a consumer is the fault of the provider': {
    ...between(`setTimeout(() => { throw new Error('tripped'); }, 5);`, `ring.ring();`),
    fails: 'provider',
  },
  'a text that a timer of a provider throws after a call of a consumer is the fault of the provider': {
    ...between(`setTimeout(() => { throw 'tripped'; }, 5);`, `ring.ring();`),
    fails: 'provider',
  },
  'a call that rejects with an error is the fault of the provider who threw it, where nobody catches it': {
    ...between(`throw new Error('tripped');`, `ring.ring();`),
    fails: 'provider',
  },
  'a call that rejects with a text is the fault of the consumer who does not catch it': {
    ...between(`throw 'tripped';`, `ring.ring();`),
    fails: 'consumer',
  },
  'code of a contract that throws is the fault of who called it': {
    ...between(``, `setTimeout(() => demand(false), 5);`),
    fails: 'consumer',
  },
  'code of a contract that is given to a timer is the fault of who gave it': {
    ...between(``, `setTimeout(demand, 5);`),
    fails: 'consumer',
  },
};

const STORMS: Record<string, string> = {
  'ten thousand rejections': `for (let i = 0; i < 10_000; i++) Promise.reject(new Error('tripped ' + i));`,
  'ten thousand rejected texts': `for (let i = 0; i < 10_000; i++) Promise.reject('tripped ' + i);`,
  'ten thousand throws': `for (let i = 0; i < 10_000; i++) setImmediate(() => { throw new Error('tripped ' + i); });`,
  'rejections that beget rejections': `const go = () => setImmediate(() => { for (let i = 0; i < 200; i++) Promise.reject(new Error('tripped')); go(); }); go();`,
};

const SLOW = `exports.x = require('rackwatt').component({ name: 'clumsy.x', async activate() {
  await new Promise((resolve) => setTimeout(resolve, 20)); setTimeout(() => { throw new Error('tripped'); }, 20);
  await new Promise((resolve) => setTimeout(resolve, 400)); } });`;
const CALM = `exports.x = require('rackwatt').component({ name: 'clumsy.x', async activate() {} });`;

const trials: Trial[] = [
  ...Object.entries(FAULTS).map(([name, { code }]) => ({ name, bundles: { clumsy: code, witness: WITNESS } })),
  ...Object.entries(ACROSS).map(([name, { bundles, manifests = {} }]) => ({ name, bundles, manifests })),
  ...Object.entries(STORMS).map(([name, code]) => ({ name, bundles: { clumsy: later(code), witness: WITNESS } })),
  ...(['staged', 'exclusive'] as const).map((policy) => ({
    name: policy,
    bundles: { clumsy: CALM, witness: WITNESS },
    update: { bundle: 'clumsy', code: SLOW, policy },
    wait: 500,
  })),
  { name: 'outside', bundles: { witness: WITNESS }, outside: true },
];
const results = outcomes(trials);
const TIME = { timeout: 150_000 };

for (const [name, { says }] of Object.entries(FAULTS)) {
  test(`a bundle that ${name} fails alone`, TIME, async () => {
    const outcome = (await results).get(name)!;
    assert.deepEqual(Object.keys(outcome.failed), ['clumsy'], JSON.stringify(outcome));
    assert.match(outcome.failed['clumsy']!, says);
    assert.deepEqual(outcome.fatal, []);
    assert.deepEqual(outcome.kept, [], 'nothing of the revision is left in memory');
  });
}

for (const [name, { fails }] of Object.entries(ACROSS)) {
  test(name, TIME, async () => {
    const outcome = (await results).get(name)!;
    assert.deepEqual(Object.keys(outcome.failed), [fails], JSON.stringify(outcome));
    assert.deepEqual(outcome.fatal, []);
    assert.deepEqual(outcome.kept, [], 'nothing of the bundles, nor of the contract, is left in memory');
  });
}

for (const name of Object.keys(STORMS)) {
  test(`${name} are one stop and few lines, and hold nobody else up`, TIME, async (t) => {
    const outcome = (await results).get(name)!;
    assert.deepEqual(Object.keys(outcome.failed), ['clumsy']);
    assert.equal(
      outcome.log.filter((line) => line.includes('failed and is stopped')).length,
      1,
      outcome.log.join('\n'),
    );
    assert.ok(outcome.log.length < 12, outcome.log.join('\n'));
    assert.deepEqual([outcome.fatal, outcome.kept], [[], []]);
    t.diagnostic(`a timer of another bundle was late by ${outcome.lateness.toFixed(0)} ms at most`);
    t.diagnostic(outcome.log.join(' | ').slice(0, 600));
  });
}

test('an error that belongs to no bundle is handed on, to end the process', TIME, async () => {
  const outcome = (await results).get('outside')!;
  assert.deepEqual([outcome.failed, outcome.fatal], [{}, ['Error: nobody did it']]);
});

for (const policy of ['staged', 'exclusive']) {
  test(
    `a new revision of a ${policy} bundle that throws while it is to prove itself is not taken; the old one serves`,
    TIME,
    async () => {
      const { failed, fatal, log } = (await results).get(policy)!;
      assert.match(
        log.join('\n'),
        /update: .*1\.0\.0 goes on: it threw an error that nobody caught: tripped\nruns: 1\.0\.0 ACTIVE/,
      );
      assert.deepEqual([failed, fatal], [{}, []]);
    },
  );
}
