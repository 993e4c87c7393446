/** What a code block of a page may take for granted; its readers can guess it, the compiler cannot. */
export interface Given {
  /** In front of the block, in the same file. */
  before?: string;
  /** Behind it. */
  after?: string;
  /** Further files beside it. */
  beside?: Readonly<Record<string, string>>;
}

const RACKWATT = (names: string): string => `import { ${names} } from 'rackwatt';\n`;

/** By page and how the first line of the block begins; what is not here stands by itself. */
export const GIVEN: Readonly<Record<string, Given>> = {
  "bundles/simulator/README.md: const served = await serveRecording('pdu.snmprec', { writable:": {
    before: `import { writeFileSync } from 'node:fs';
      import { serveRecording, SnmpAgent, Tag } from '@rackwatt/simulator';
      writeFileSync('pdu.snmprec', '1.3.6.1.2.1.1.5.0|4|pdu\\n');
      const ticks = (): number => Math.round(process.uptime() * 100);\n`,
  },
  "bundles/simulator/README.md: const { device } = generatedAgent({ family: 'apc-rpdu2', seed: '": {
    before: `import { generatedAgent, Notifier } from '@rackwatt/simulator';\n`,
  },
  'bundles/simulator/README.md: const hall = await generatedHall({': {
    before: `import { generatedHall } from '@rackwatt/simulator';\n`,
  },
  "docs/configuration.md: const meter = await admin.configuration('acme.meter');": {
    before: `import type { ConfigurationAdmin } from 'rackwatt';
      export async function edit(admin: ConfigurationAdmin): Promise<unknown> {\n`,
    after: `return inFrankfurt; }`,
  },
  'docs/guide/components.md: export const reader = component({': {
    before: `${RACKWATT('component, one, type Logger')}import { Outbox } from '@rackwatt/telemetry';
      import { Type } from 'typebox';
      const Settings = Type.Object({ address: Type.String() });
      class Link { constructor(readonly address: string) {} close(): void {} }
      class Parser { constructor(readonly log: Logger) {} }
      class Reader { constructor(readonly link: Link, readonly parser: Parser, readonly outbox: Outbox) {} }\n`,
  },
  'docs/guide/components.md: export const hub = component({': {
    before: `${RACKWATT('component, ComponentFactory, contract, many, one')}
      interface Meter { read(): Promise<number> }
      const Meter = contract<Meter>('acme/Meter', { major: 1, methods: ['read'] });
      class Hub { constructor(readonly meters: ReadonlyMap<number, Meter>) {} }\n`,
  },
  "docs/guide/components.md: scope.interval('report', 60_000, () => report(), (error) => lo": {
    before: `${RACKWATT('Scope, type Logger')}import { createServer } from 'node:net';
      const scope = new Scope('acme');
      const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
      const report = (): void => undefined;
      const subscription = { end(): void {} };\n`,
    after: `server.unref(); await scope.close();`,
  },
  "docs/guide/driver.md: import { driverConformance } from '@rackwatt/telemetry/testing';": {
    beside: {
      'simulator.ts': `export class Simulator {
        static readonly running = new Map<number, Simulator>();
        readonly values = new Map([['outlet/1 power.active', 120]]);
        paused = false;
        latency = 0;
        readonly port = 5000 + Simulator.running.size;
        static async start(): Promise<Simulator> {
          const made = new Simulator();
          Simulator.running.set(made.port, made);
          return made;
        }
        stop(): void {}
        set(part: string, metric: string, value: number): void { this.values.set(part + ' ' + metric, value); }
        pause(): void { this.paused = true; }
        delay(milliseconds: number): void { this.latency = milliseconds; }
        resume(): void { this.paused = false; this.latency = 0; }
      }`,
      '../dist/index.ts': `import { Driver, type DeviceTarget, type OpenDevice } from '@rackwatt/telemetry';
      import { component, RackwattError } from 'rackwatt';
      import { Simulator } from '../test/simulator.js';
      let next = 0;
      const sessions = new Map<string, Simulator>();
      const session = (id: string): Simulator => {
        const found = sessions.get(id);
        if (!found) throw new RackwattError('DEVICE_SESSION_GONE', 'open the device again');
        return found;
      };
      const open = async ({ address }: DeviceTarget): Promise<OpenDevice> => {
        const device = Simulator.running.get(Number(/^acme:\\/\\/127.0.0.1:(\\d+)$/.exec(address)?.[1]));
        if (!device) throw new RackwattError('DEVICE_ADDRESS_INVALID', address + ' is no address');
        if (device.paused) throw new RackwattError('DEVICE_NO_ANSWER', address + ' does not answer');
        sessions.set('acme-' + ++next, device);
        const points = [{ part: 'outlet/1', metric: 'power.active' as const, unit: 'W' }];
        return { session: 'acme-' + next, layout: 1, identity: { vendor: 'Acme' }, parts: [{ path: 'outlet/1' }], points };
      };
      const read = async (id: string, { deadline }: { deadline: number }) => {
        const device = session(id);
        if (device.latency > 0) await new Promise((go) => setTimeout(go, deadline));
        if (device.paused || device.latency > 0) throw new RackwattError('DEVICE_NO_ANSWER', 'it does not answer: check it');
        const values = Float64Array.from(device.values.values());
        return { layout: 1, time: Date.now(), points: Uint32Array.of(0), values, quality: new Uint16Array(1), states: new Uint8Array(1) };
      };
      export const driver = component({
        name: 'acme.driver',
        provides: Driver,
        activate: (): Driver => ({
          open,
          read,
          describe: async () => { throw new RackwattError('DEVICE_SESSION_GONE', 'open the device again'); },
          probe: async (target) => ({ ...(await open(target)), reading: await read('acme-' + next, { deadline: 1 }), cost: { requests: 1, milliseconds: 1 } }),
          close: async (id) => void sessions.delete(id),
          switchOutlet: async () => undefined,
        }),
      });`,
    },
  },
  'docs/guide/testing.md: await assert.rejects(activate(t, link, { configuration: { addr': {
    before: `import assert from 'node:assert/strict';
      import { test } from 'node:test';
      import { component, RackwattError } from 'rackwatt';
      import { activate } from 'rackwatt/testing';
      import { Type } from 'typebox';
      const link = component({
        name: 'acme.link',
        configuration: { schema: Type.Object({ address: Type.String() }) },
        activate: ({ config }) => { throw new RackwattError('ACME_ADDRESS', \`\${config.address} is no address\`); },
      });
      test('refuses', async (t) => {\n`,
    after: `});`,
  },
  "docs/guide/testing.md: import { onTestFinished } from 'vitest';": {
    before: `import { counter } from '../dist/index.js'; import { activate } from 'rackwatt/testing';\n`,
    after: `await trial.deactivate();`,
    beside: {
      'node_modules/vitest/package.json': `{ "name": "vitest", "type": "module", "main": "index.js", "types": "index.d.ts" }`,
      'node_modules/vitest/index.d.ts': `export declare function onTestFinished(ending: () => unknown): void;`,
      'node_modules/vitest/index.js': `export const onTestFinished = () => undefined;`,
    },
  },
  "docs/log.md: log.warn({ device: 'rack1-a', attempts: 3, error }, 'the devic": {
    before: `import type { Logger } from 'rackwatt';
      const log: Logger = { debug() {}, info() {}, warn() {}, error() {} };
      const error = new RangeError('no answer');\n`,
  },
  "docs/log.md: import { component, LogReader, one } from 'rackwatt';": {
    before: `const show = (entry: unknown): void => console.log(entry);\n`,
  },
  'docs/reference/services.md: const tracker': {
    before: `import { type BundleContext, contract, type ServiceReference } from 'rackwatt';
      interface Meter { read(): Promise<number> }
      const Meter = contract<Meter>('acme/Meter', { major: 1, methods: ['read'] });
      class Row { constructor(readonly reference: ServiceReference<Meter>, readonly meter: Meter) {} refresh(): void {} remove(): void {} }
      export function track(context: BundleContext): unknown {\n`,
    after: `return tracker; }`,
  },
  'docs/updates.md: export const counter = component({': {
    before: `${RACKWATT('component, contract')}
      interface Counter { count(): Promise<number> }
      const Counter = contract<Counter>('acme/Counter', { major: 1, methods: ['count'] });
      class CounterService implements Counter {
        total = 0;
        async count() { return ++this.total; }
        resume(state: unknown): void { if (typeof state === 'object' && state && 'total' in state) this.total = Number(state.total); }
      }\n`,
  },
  "docs/updates.md: import type { Migrate } from 'rackwatt';": {
    before: `import { join } from 'node:path';
      const renameColumns = async (_file: string): Promise<void> => undefined;\n`,
  },
};
