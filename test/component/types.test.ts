import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkout } from '../support/node.js';
import { temporaryFolder } from '../support/temporary.js';

/** What all the small files begin with. */
const PREAMBLE = `
import { component, contract, many, one, optional } from 'rackwatt';
import type { Bound, BoundEvent, Live, LiveSet, Lookup } from 'rackwatt';
import { Activate, Bind, Component, Modified, Reference, Unbind, Updated, inject, type Activation } from 'rackwatt/decorators';
import { Type, type Static } from 'typebox';
interface Store { put(value: number): Promise<void> }
const Store = contract<Store>('test/Store', { major: 1, methods: ['put'] });
interface Meter { read(): Promise<number> }
const Meter = contract<Meter>('test/Meter', { major: 1, methods: ['read'] });
const Settings = Type.Object({ interval: Type.Number() });
type Settings = Static<typeof Settings>;
`;

/** A file, and what the compiler says of it: all of it, each message on one line. */
interface Case {
  title: string;
  code: string;
  says?: string[];
}

const wrong = (subject: string, sentence: string): string =>
  `Argument of type '${subject}' is not assignable to parameter of type '${subject} & Wrong<"${sentence}">'. ` +
  `Property 'wrong' is missing in type '${subject}' but required in type 'Wrong<"${sentence}">'.`;
const PROPERTY = 'TS1240 Unable to resolve signature of property decorator when called as an expression. ';
const PARAMETER = 'TS1239 Unable to resolve signature of parameter decorator when called as an expression. ';
const METHOD = 'TS1241 Unable to resolve signature of method decorator when called as an expression. ';
const CLASS = 'TS1238 Unable to resolve signature of class decorator when called as an expression. ';

const CASES: readonly Case[] = [
  {
    title: 'object: references, configuration, private parts, handlers and the object itself are inferred',
    code: `
class Reader implements Meter { readonly own = 5; async read() { return 1; } }
export const reader = component({
  name: 'reader',
  provides: [Meter],
  references: {
    store: one(Store), live: one(Store, { dynamic: true }), maybe: optional(Store), all: many(Store),
    set: many(Store, { dynamic: true }), find: one(Store, { lookup: true }),
  },
  configuration: { schema: Settings },
  wiring: { half: ({ config }) => config.interval / 2, text: (_, { half }: { half: number }) => half.toFixed() },
  bind: { set: ({ service, reference }, { half, config }) => service.put(half + config.interval + reference.ranking) },
  async activate({ store, live, maybe, all, set, find, config, half, text, log, scope, context }) {
    await store.put(config.interval + half);
    await live.service?.put(text.length);
    await maybe?.put(1);
    for (const { service } of [...all, ...set]) await service.put(1);
    await find()?.put(1);
    log.info(context.name);
    scope.add('mark', () => undefined);
    return new Reader();
  },
  modified: ({ config }, { own }) => void [config.interval.toFixed(), own.toFixed()],
  deactivate: ({ own }, reason) => void [own.toFixed(), reason.trim()],
  handOver: ({ own }) => own,
});`,
  },
  {
    title: 'class: properties, parameters, handlers and methods fit references and configuration',
    code: `
@Component({ name: 'reader', provides: [Meter], configuration: { schema: Settings } })
export class Reader implements Meter {
  @Reference(one(Store)) readonly store!: Store;
  @Reference(one(Store, { dynamic: true })) readonly live!: Live<Store>;
  @Reference(optional(Store)) readonly maybe?: Store;
  @Reference(many(Store)) readonly all!: readonly Bound<Store>[];
  @Reference(many(Store, { dynamic: true })) readonly set!: LiveSet<Store>;
  @Reference(one(Store, { lookup: true })) readonly find!: Lookup<Store>;
  constructor(
    @Reference(one(Store), 'own') readonly own: Store,
    @Reference(optional(Store)) readonly other: Store | undefined,
    @inject('config') readonly config: Settings,
  ) {}
  @Activate() up({ config }: Activation<Settings>) { void config.interval.toFixed(); }
  @Modified() async change({ config }: Activation<Settings>) { void config.interval.toFixed(); }
  @Bind('set') came({ service }: BoundEvent<Store>) { void service.put(1); }
  @Updated('own') changed({ service }: BoundEvent<Store>) { void service.put(1); }
  @Unbind('find') async went({ service }: BoundEvent<Store>) { await service.put(1); }
  async read() { return 1; }
}`,
  },
  {
    title: 'object: a service has what its contract says and no more',
    code: `export const c = component({ name: 'c', references: { store: one(Store) }, activate: ({ store }) => void store.read() });`,
    says: [`TS2339 Property 'read' does not exist on type 'Store'.`],
  },
  {
    title: 'object: a reference that is not described is not there',
    code: `export const c = component({ name: 'c', references: { store: one(Store) }, activate: ({ stor }) => void stor });`,
    says: [
      `TS2339 Property 'stor' does not exist on type 'CradleBase<unknown> & ReferenceValues<{ store: ReferenceDescription<Store, Store>; }> & Record<never, never>'.`,
    ],
  },
  {
    title: 'object: an optional service may be missing',
    code: `export const c = component({ name: 'c', references: { store: optional(Store) }, activate: ({ store }) => void store.put(1) });`,
    says: [`TS18048 'store' is possibly 'undefined'.`],
  },
  {
    title: 'object: a reference needs a contract',
    code: `export const c = component({ name: 'c', references: { store: 'test/Store' }, activate: () => undefined });`,
    says: [`TS2322 Type 'string' is not assignable to type 'ReferenceDescription<unknown, unknown>'.`],
  },
  {
    title: 'object: the configuration is what the schema says',
    code: `export const c = component({ name: 'c', configuration: { schema: Settings }, activate: ({ config }) => void config.interval.trim() });`,
    says: [`TS2339 Property 'trim' does not exist on type 'number'.`],
  },
  {
    title: 'object: nothing is known of a configuration without a schema',
    code: `export const c = component({ name: 'c', activate: ({ config }) => void config.interval });`,
    says: [`TS18046 'config' is of type 'unknown'.`],
  },
  {
    title: 'object: what is activated fulfils its contract',
    code: `export const c = component({ name: 'c', provides: Meter, activate: () => ({ put: async () => undefined }) });`,
    says: [`TS2322 Type '{ put: () => Promise<undefined>; }' is not assignable to type 'Meter | Promise<Meter>'.`],
  },
  {
    title: 'object: what is activated fulfils all its contracts',
    code: `export const c = component({ name: 'c', provides: [Meter, Store], activate: () => ({ read: async () => 1 }) });`,
    says: [
      `TS2322 Type '{ read: () => Promise<number>; }' is not assignable to type 'Promise<Meter & Store> | (Meter & Store)'. Type '{ read: () => Promise<number>; }' is not assignable to type 'Meter & Store'. Property 'put' is missing in type '{ read: () => Promise<number>; }' but required in type 'Store'.`,
    ],
  },
  {
    title: 'object: handlers are those of references, and get their services',
    code: `
export const c = component({ name: 'c', references: { store: one(Store) }, bind: { stor: () => undefined }, activate: () => undefined });
export const d = component({ name: 'd', references: { store: one(Store) }, bind: { store: ({ service }) => void service.read() }, activate: () => undefined });`,
    says: [
      `TS2561 Object literal may only specify known properties, but 'stor' does not exist in type 'ReferenceHandlers<{ store: ReferenceDescription<Store, Store>; }, Cradle<{ store: ReferenceDescription<Store, Store>; }, unknown, Record<...>>>'. Did you mean to write 'store'?`,
      `TS2339 Property 'read' does not exist on type 'Store'.`,
    ],
  },
  {
    title: 'class: a property holds what the reference gives',
    code: `
export class Other { @Reference(one(Store)) readonly store!: Meter; }
export class Single { @Reference(many(Store)) readonly store!: Store; }
export class Fixed { @Reference(many(Store)) readonly stores!: LiveSet<Store>; }
export class Sure { @Reference(optional(Store)) readonly store!: Store; }`,
    says: ['Other', 'Single', 'Fixed', 'Sure'].map(
      (name) => PROPERTY + wrong(name, 'the property cannot hold what the reference gives'),
    ),
  },
  {
    title: 'class: a parameter takes what the reference gives',
    code: `
export class Other { constructor(@Reference(one(Store)) readonly store: Meter) {} }
export class Second { constructor(readonly first: Store, @Reference(optional(Store)) readonly store: Store) {} }`,
    says: ['typeof Other', 'typeof Second'].map(
      (name) => PARAMETER + wrong(name, 'the parameter cannot take what the reference gives'),
    ),
  },
  {
    title: 'class: a constructor takes static references only',
    code: `export class Follows { constructor(@Reference(one(Store, { dynamic: true })) readonly store: Live<Store>) {} }`,
    says: [
      PARAMETER + wrong('typeof Follows', 'a constructor cannot follow a dynamic reference: put it on a property'),
    ],
  },
  {
    title: 'class: a method takes the configuration that the schema gives',
    code: `
@Component({ name: 'c', configuration: { schema: Settings } })
export class Text { @Activate() up({ config }: Activation<{ interval: string }>) { void config; } }
@Component({ name: 'd', configuration: { schema: Settings } })
export class More { @Modified() change({ config }: Activation<{ interval: number; more: number }>) { void config; } }`,
    says: ['typeof Text', 'typeof More'].map(
      (name) => CLASS + wrong(name, 'a method takes another configuration than the schema gives'),
    ),
  },
  {
    title: 'class: the instance fulfils its contracts',
    code: `
@Component({ name: 'c', provides: Meter }) export class Empty {}
@Component({ name: 'd', provides: [Meter, Store] }) export class Half { async read() { return 1; } }`,
    says: [
      `${CLASS}Argument of type 'typeof Empty' is not assignable to parameter of type 'abstract new (...values: never[]) => Meter & object'. Type 'Empty' is not assignable to type 'Meter & object'. Property 'read' is missing in type 'Empty' but required in type 'Meter'.`,
      `${CLASS}Argument of type 'typeof Half' is not assignable to parameter of type 'abstract new (...values: never[]) => Meter & Store & object'. Type 'Half' is not assignable to type 'Meter & Store & object'. Property 'put' is missing in type 'Half' but required in type 'Store'.`,
    ],
  },
  {
    title: 'class: handlers are those of references, and get their services',
    code: `
export class None { @Bind('store') came({ service }: BoundEvent<Store>) { void service; } }
export class Wrongly {
  @Reference(many(Store, { dynamic: true })) readonly stores!: LiveSet<Store>;
  @Unbind('stores') went(event: BoundEvent<Meter>) { void event; }
}`,
    says: [
      `${METHOD}Type 'None' has no properties in common with type '{ store?: unknown; }'.`,
      `${METHOD}Argument of type 'TypedPropertyDescriptor<(event: BoundEvent<Meter>) => void>' is not assignable to parameter of type 'TypedPropertyDescriptor<(event: BoundEvent<Store>) => unknown>'. Types of property 'value' are incompatible. Type '((event: BoundEvent<Meter>) => void) | undefined' is not assignable to type '((event: BoundEvent<Store>) => unknown) | undefined'. Type '(event: BoundEvent<Meter>) => void' is not assignable to type '(event: BoundEvent<Store>) => unknown'. Types of parameters 'event' and 'event' are incompatible. Type 'BoundEvent<Store>' is not assignable to type 'BoundEvent<Meter>'. Property 'read' is missing in type 'Store' but required in type 'Meter'.`,
    ],
  },
];

/** All files at once, by the number of their case: the compiler starts once. */
const compiled = compile();

for (const [i, { title, says = [] }] of CASES.entries())
  test(title, async () => {
    assert.deepEqual((await compiled).get(i) ?? [], says);
  });

async function compile(): Promise<Map<number, string[]>> {
  const folder = temporaryFolder({ after: (end) => after(end as () => void) });
  const options = { noEmit: true, composite: false, incremental: false, declaration: false, noUnusedLocals: false };
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  const base = JSON.parse(readFileSync(join(checkout, 'tsconfig.base.json'), 'utf8')) as { compilerOptions: object };
  const config = { compilerOptions: { ...base.compilerOptions, ...options }, include: ['*.ts'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  for (const [i, { code }] of CASES.entries()) writeFileSync(join(folder, `case-${i}.ts`), PREAMBLE + code);
  const tsc = join(checkout, 'node_modules/typescript/bin/tsc');
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { cwd: folder }, (_, stdout) =>
      resolve(stdout),
    );
  });
  const said = new Map<number, string[]>();
  // A message that goes on does so on indented lines.
  for (const message of output.replaceAll(/\n\s+/g, ' ').split('\n')) {
    const found = /^case-(\d+)\.ts\(\d+,\d+\): error (TS\d+): (.*)$/.exec(message);
    if (message.trim() === '') continue;
    assert.ok(found, `the compiler says: ${message}`);
    const i = Number(found[1]);
    said.set(i, [...(said.get(i) ?? []), `${found[2]} ${found[3]}`]);
  }
  return said;
}
