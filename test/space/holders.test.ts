import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import { collectGarbage, ModuleSpace, RevisionTokens, whoHolds } from './built.js';
import { bundleFolder, host } from './support.js';

/** What a bundle gets hold of in the process. */
interface Outside {
  kept: unknown[];
  storage: AsyncLocalStorage<unknown>;
  signal: AbortSignal;
  key: object;
  weak: WeakMap<object, unknown>;
  setTimeout: typeof setTimeout;
  setImmediate: typeof setImmediate;
  createServer: typeof createServer;
  loop: { goes: boolean };
  /** Functions of another bundle that runs on. */
  other: Record<'subscribe' | 'unsubscribe' | 'on' | 'off', (callback: unknown) => void>;
}

interface Leak {
  /** Body of a function of the leaking bundle; what it returns is undone in the end. */
  code: string;
  undo(outside: Outside, made: never): void;
  kind: string;
  by: RegExp;
  held?: string;
}

/** Ways to keep a revision that go round what a space owns. */
const LEAKS: Record<string, Leak> = {
  'a timer that was started past the space': {
    code: `return outside.setTimeout(function tick() { big; }, 1_000_003);`,
    undo: (_, timer: NodeJS.Timeout) => clearTimeout(timer),
    kind: 'timer',
    by: /^a timer of 1000003 ms \(Timeout\)$/,
    held: 'tick',
  },
  'a listener of the process that was added past the space': {
    code: `const listener = function onSignal() { big; }; globalThis.process.on('SIGUSR2', listener); return listener;`,
    undo: (_, listener: () => void) => process.off('SIGUSR2', listener),
    kind: 'listener',
    by: /^a listener of process 'SIGUSR2'$/,
    held: 'onSignal',
  },
  'an entry of globalThis made at run time': {
    code: `globalThis.acmeCache = { latest: () => big };`,
    undo: () => Reflect.deleteProperty(globalThis, 'acmeCache'),
    kind: 'global',
    by: /^an entry of globalThis: globalThis\.acmeCache$/,
    held: 'latest',
  },
  'a listener on an emitter of another bundle': {
    code: `const listener = function onReading() { big; }; outside.other.on(listener); return listener;`,
    undo: ({ other }, listener) => other.off(listener),
    kind: 'listener',
    by: /^a listener of EventEmitter 'reading', held by the EventEmitter "bus" in a module of other@2\.0\.0#1$/,
    held: 'onReading',
  },
  'a callback in a Map of another bundle': {
    code: `const callback = function onChange() { big; }; outside.other.subscribe(callback); return callback;`,
    undo: ({ other }, callback) => other.unsubscribe(callback),
    kind: 'module',
    by: /^the Map "callbacks" in a module of other@2\.0\.0#1$/,
    held: 'onChange',
  },
  'an error whose stack nobody read': {
    code: `(() => big)(); outside.kept.push(new Error('kept'));`,
    undo: ({ kept }) => void (kept.length = 0),
    kind: 'error',
    by: /^an Error whose stack nobody has read, held by the Array "kept" in file:.*holders\.test\.js$/,
  },
  'an instance that the host keeps': {
    code: `class Reading { value() { return big; } } outside.kept.push(new Reading());`,
    undo: ({ kept }) => void (kept.length = 0),
    kind: 'module',
    by: /^the Array "kept" in file:.*holders\.test\.js$/,
    held: 'Reading',
  },
  'a store of an AsyncLocalStorage that a timer carries': {
    code: `return outside.storage.run({ big: () => big }, () => outside.setTimeout(outside.nothing, 1_000_005));`,
    undo: (_, timer: NodeJS.Timeout) => clearTimeout(timer),
    kind: 'async-context',
    by: /^the store of an AsyncLocalStorage, held by a timer of 1000005 ms \(Timeout\)$/,
  },
  'an await that never ends': {
    code: `(async function wait() { await new Promise((resolve) => { outside.kept.push(resolve); }); (() => big)(); })();`,
    undo: ({ kept }) => void (kept.length = 0),
    kind: 'promise',
    by: /^a promise that never settled, held by the Array "kept" in file:/,
  },
  'a listener of an AbortSignal': {
    code: `const listener = function onAbort() { big; }; outside.signal.addEventListener('abort', listener); return listener;`,
    undo: ({ signal }, listener: () => void) => signal.removeEventListener('abort', listener),
    kind: 'listener',
    by: /^a listener of an AbortSignal, held by /,
    held: 'onAbort',
  },
  'a server that was made past the space': {
    code: `return outside.createServer(function onConnection() { big; }).listen(0, '127.0.0.1');`,
    undo: (_, server: Server) => void server.close(),
    kind: 'listener',
    by: /^a listener of Server 'connection', held by a native handle \(TCP\)$/,
    held: 'onConnection',
  },
  'an entry of a WeakMap with a key that lives on': {
    code: `outside.weak.set(outside.key, () => big);`,
    undo: ({ weak, key }) => void weak.delete(key),
    kind: 'registry',
    by: /^an entry of a WeakMap whose key lives on, held by /,
  },
  'a function that begins itself again and again': {
    code: `const { loop, setImmediate } = outside; const again = function again() { if (loop.goes) setImmediate(again); else big; }; again();`,
    undo: ({ loop }) => void (loop.goes = false),
    kind: 'timer',
    by: /^a setImmediate$/,
    held: 'again',
  },
};

interface Leaking {
  outside: Outside;
  tokens: RevisionTokens;
  labels: Map<string, string>;
  undo(): void;
}

async function leaking(t: TestContext): Promise<Leaking> {
  const tokens = new RevisionTokens();
  const otherRoot = bundleFolder(t, {
    'index.js': `const { EventEmitter } = require('events'); const bus = new EventEmitter(); const callbacks = new Map();
      module.exports = { subscribe: (callback) => callbacks.set(callback, callback), unsubscribe: (callback) => callbacks.delete(callback),
        on: (listener) => bus.on('reading', listener), off: (listener) => bus.off('reading', listener) };`,
  });
  const other = new ModuleSpace({ root: otherRoot, label: 'other@2.0.0#1', host });
  t.after(() => other.dispose());
  const kept: unknown[] = [];
  const outside = {
    kept,
    storage: new AsyncLocalStorage(),
    signal: new AbortController().signal,
    key: {},
    weak: new WeakMap(),
    setTimeout,
    setImmediate,
    nothing: () => undefined,
    createServer,
    loop: { goes: true },
    other: (await other.load('index.js')) as unknown as Outside['other'],
  } satisfies Outside & Record<string, unknown>;
  const labels = new Map<string, string>();
  const made = new Map<string, WeakRef<object>>();
  let number = 0;
  const run = async (name: string, code: string): Promise<void> => {
    const label = `leaky@1.0.0#${++number}`;
    labels.set(name, label);
    const root = bundleFolder(t, {
      'index.js': `const big = new Array(50_000).fill(1.5); exports.run = (outside) => { ${code} };`,
    });
    const space = new ModuleSpace({ root, label, host });
    tokens.track(space.token);
    const { run: leak } = (await space.load('index.js')) as unknown as { run(given: Outside): object | undefined };
    const value = leak(outside);
    if (value) made.set(name, new WeakRef(value));
    space.dispose();
  };
  for (const [name, { code }] of Object.entries(LEAKS)) await run(name, code);
  await run('nothing', '');
  let isUndone = false;
  const undo = (): void => {
    if (isUndone) return;
    isUndone = true;
    kept.length = 0;
    for (const [name, leak] of Object.entries(LEAKS)) leak.undo(outside, made.get(name)?.deref() as never);
  };
  t.after(undo);
  return { outside, tokens, labels, undo };
}

test('what holds a revision that should be gone is found and named', { timeout: 120_000 }, async (t) => {
  const { tokens, labels, undo } = await leaking(t);
  await collectGarbage(() => tokens.live().length === labels.size - 1);
  const live = tokens.live();
  assert.deepEqual(live, [...labels.values()].slice(0, -1), 'each leaks, and the one that keeps nothing does not');
  await new Promise((go) => setTimeout(go, 0));
  const { revisions, pause, heap } = await whoHolds(live);
  const found = new Map(revisions.map((revision) => [revision.label, revision]));
  for (const [name, { kind, by, held }] of Object.entries(LEAKS)) {
    await t.test(name, () => {
      const { holders, bytes } = found.get(labels.get(name)!)!;
      const said = holders.map((holder) => `${holder.kind}: ${holder.by} (${holder.held})`).join('\n');
      const right = holders.find((holder) => holder.kind === kind && by.test(holder.by));
      assert.ok(right, said);
      if (held !== undefined) assert.equal(right.held, held);
      assert.ok(bytes > 50_000 * 8 && bytes < 600_000, `${bytes} bytes for an array of 400,000`);
    });
  }
  t.diagnostic(`the process stood still for ${pause.toFixed(0)} ms, with a heap of ${(heap / 1e6).toFixed(0)} MB`);
  undo();
  await collectGarbage(() => tokens.live().length === 0, 30);
  assert.deepEqual(tokens.live(), [], 'with what held them gone, they go');
});

test('a revision that is held by another one says so', async (t) => {
  const tokens = new RevisionTokens();
  const kept: { first?: unknown } = {};
  const root = bundleFolder(t, {
    'index.js': `let kept; exports.keep = (value) => { kept = value; }; exports.get = () => kept;`,
  });
  const make = async (label: string): Promise<Record<string, (value?: unknown) => unknown>> => {
    const space = new ModuleSpace({ root, label, host });
    tokens.track(space.token);
    const exports = (await space.load('index.js')) as Record<string, (value?: unknown) => unknown>;
    space.dispose();
    return exports;
  };
  await (async () => {
    const [first, second] = [await make('first@1.0.0#1'), await make('second@1.0.0#2')];
    first['keep']!(second['get']);
    kept.first = first['get'];
  })();
  await collectGarbage(() => false, 3);
  assert.equal(tokens.live().length, 2);
  await new Promise((go) => setTimeout(go, 0));
  const { revisions } = await whoHolds(['first@1.0.0#1', 'second@1.0.0#2']);
  assert.deepEqual(
    revisions.map(({ label, holders }) => [label, holders[0]?.kind]),
    [
      ['first@1.0.0#1', revisions[0]?.holders[0]?.kind],
      ['second@1.0.0#2', 'revision'],
    ],
  );
  assert.equal(revisions[1]?.holders[0]?.by, 'first@1.0.0#1, which is itself held');
  assert.ok(kept.first);
});
