/** A container with faults contained, in a process of its own: runs each faulty bundle named on stdin and says what came of it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../../src/dist/${path}`, import.meta.url).href)) as T;
const { containerModules, Framework, readManifest } =
  await load<typeof import('../../src/bundle/index.js')>('bundle/index.js');
const { containFaults } = await load<typeof import('../../src/node/faults.js')>('node/faults.js');
const { Scope } = await load<typeof import('../../src/scope/index.js')>('scope/index.js');
const { RevisionTokens } = await load<typeof import('../../src/space/index.js')>('space/index.js');
const rackwatt = await load<typeof import('../../src/index.js')>('index.js');

export interface Trial {
  name: string;
  /** Bundles by name: their main module, or all their files. */
  bundles: Record<string, string | Record<string, string>>;
  manifests?: Record<string, object>;
  /** Waits that long for a failure. */
  wait?: number;
  /** Content that a bundle is updated to, and the policy. */
  update?: { bundle: string; code: string; policy: 'staged' | 'exclusive' };
  /** Code outside all bundles throws. */
  outside?: boolean;
}

export interface Outcome {
  name: string;
  /** Bundles that failed, with the message. */
  failed: Record<string, string>;
  fatal: string[];
  log: string[];
  /** ms by which a timer of everybody was late at most, from the fault on. */
  lateness: number;
  /** Revisions still in memory at the end. */
  kept: string[];
}

const folder = mkdtempSync(join(tmpdir(), 'rackwatt-faults-'));
const log: string[] = [];
const line =
  (bundle: string) =>
  (...given: unknown[]): void =>
    void log.push(`${bundle}: ${String(given.at(-1))}`);
const logger = (bundle: string) => {
  const each = line(bundle);
  return { debug: each, info: each, warn: each, error: each };
};
const fatal: string[] = [];
const tokens = new RevisionTokens();
const framework = new Framework({
  ...containerModules(rackwatt),
  storage: join(folder, 'var'),
  version: '0.1.0',
  patience: 2_000,
  logger,
  tokens,
});
const scope = new Scope('trial');
containFaults({ framework, log: logger('rackwatt'), scope, fatal: (error) => fatal.push(String(error)) });
await framework.setStartLevel(5);

async function run({ name, bundles, manifests = {}, wait = 3_000, outside, update }: Trial): Promise<Outcome> {
  log.length = 0;
  fatal.length = 0;
  const source = async (
    bundle: string,
    code: string | Record<string, string>,
    version = '1.0.0',
    policy = 'staged',
  ) => {
    const root = join(folder, name.replaceAll(/\W+/g, '-'), bundle, version);
    const files = typeof code === 'string' ? { 'index.js': code } : code;
    const manifest = { name: bundle, version, main: './index.js', rackwatt: { update: policy }, ...manifests[bundle] };
    for (const [path, content] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return { location: `link:${root}`, root, manifest: await readManifest(root) };
  };
  for (const [bundle, code] of Object.entries(bundles))
    framework.install(await source(bundle, code, '1.0.0', update?.policy));
  let lateness = 0;
  let due = performance.now() + 10;
  const metronome = setInterval(() => {
    lateness = Math.max(lateness, performance.now() - due);
    due = performance.now() + 10;
  }, 10);
  for (const bundle of framework.bundles())
    await bundle.start().catch((error: Error) => log.push(`start: ${error.message}`));
  if (outside) setTimeout(() => globalThis.process.emit('uncaughtException', new Error('nobody did it')), 5);
  if (update) {
    const next = await source(update.bundle, update.code, '2.0.0', update.policy);
    await framework
      .bundle(update.bundle)!
      .update(next)
      .catch((error: Error) => log.push(`update: ${error.message}`));
    const { version, state } = framework.bundle(update.bundle)!;
    log.push(`runs: ${version} ${state}`);
  }
  const failed: Record<string, string> = {};
  const deadline = performance.now() + wait;
  while (performance.now() < deadline && fatal.length === 0) {
    await pause(10);
    for (const bundle of framework.bundles()) {
      const info = framework.recovery.info(bundle);
      if (info) failed[bundle.name] = info.last;
    }
    if (Object.keys(failed).length > 0 && framework.bundles().every((bundle) => bundle.state !== 'STOPPING')) break;
  }
  await pause(60);
  for (const bundle of framework.bundles()) {
    const info = framework.recovery.info(bundle);
    if (info) failed[bundle.name] = info.last;
  }
  clearInterval(metronome);
  for (const bundle of framework.bundles().reverse()) await framework.uninstall(bundle);
  for (let round = 0; round < 400 && tokens.live().length > 0; round++) {
    await pause(5);
    globalThis.gc?.();
  }
  return { name, failed, fatal: [...fatal], log: [...log], lateness, kept: tokens.live() };
}

for (const trial of JSON.parse(await text(process.stdin)) as Trial[])
  process.stdout.write(`${JSON.stringify(await run(trial))}\n`);
await framework.stop();
await scope.close();
rmSync(folder, { recursive: true });
