import type { Bundle, Framework, RevisionSource, StaticComponent } from '../bundle/index.js';
import { schemaCircle, type Logger } from '../component/index.js';
import {
  localized,
  ManagedService,
  ManagedServiceFactory,
  MetaTypeProvider,
  objectClass,
  parseMetatype,
  validate,
  type ConfigurationSchema,
  type MetaType,
  type MetatypeDocument,
  type WrittenDefinition,
} from '../configuration/index.js';
import { RackwattError } from '../errors.js';
import type { ServiceReference } from '../registry/types.js';
import type { Coming } from './assembly.js';
import { bundleDocuments } from './bundle-documents.js';
import type { Descriptions } from './descriptions.js';
import { SYSTEM } from './runtime-service.js';

/** What bundles can be configured with. */
export class Definitions implements MetaType {
  readonly #framework: Framework;
  readonly #descriptions: Descriptions;
  readonly #log: Logger;
  readonly #documents = new WeakMap<RevisionSource, MetatypeDocument>();

  constructor(framework: Framework, descriptions: Descriptions, log: Logger) {
    this.#framework = framework;
    this.#descriptions = descriptions;
    this.#log = log;
  }

  /**
   * Against which configurations are checked: the schemas of components and of files; what services take without one.
   * @param coming what is about to change; a content that does not tell its components without its code being run has none
   */
  async schemas({ come, gone }: Coming = { come: [], gone: new Set() }): Promise<ConfigurationSchema[]> {
    const schemas: ConfigurationSchema[] = [];
    const add = (bundle: string, components: readonly StaticComponent[], source: RevisionSource): void => {
      for (const component of components)
        for (const { pid, policy, schema = { type: 'object' } } of configurationsOf(component))
          schemas.push({ pid, component: component.name, bundle, policy, schema });
      for (const { pid, schema } of this.#document(bundle, source).definitions)
        schemas.push({ pid, component: pid, bundle, policy: 'optional', schema });
    };
    for (const bundle of this.#framework.bundles())
      if (!gone.has(bundle.name)) add(bundle.name, await this.#descriptions.of(bundle), bundle.revision.source);
    for (const source of come) add(source.manifest.name, source.manifest.components ?? [], source);
    const known = new Set(schemas.map(({ pid }) => pid));
    for (const contract of [ManagedService, ManagedServiceFactory])
      for (const reference of this.#framework.registry.references(contract.id))
        for (const pid of textsOf(reference.property('service.pid'))) {
          const bundle = reference.owner?.name ?? '';
          if (known.has(pid) || gone.has(bundle)) continue;
          schemas.push({ pid, component: pid, bundle, policy: 'optional', schema: { type: 'object' } });
        }
    return schemas;
  }

  async pids(name: string): Promise<{ pids: string[]; factoryPids: string[]; locales: string[] }> {
    const bundle = this.#bundle(name);
    const definitions = await this.#definitions(bundle);
    const provided = this.#providers(bundle);
    const found = (isFactory: boolean): string[] => [
      ...new Set([
        ...definitions.filter((each) => each.isFactory === isFactory).map(({ pid }) => pid),
        ...provided.filter((each) => each.isFactory === isFactory).map(({ pid }) => pid),
      ]),
    ];
    const locales = new Set(
      Object.keys(this.#document(name, bundle.revision.source).texts).filter((language) => language !== 'default'),
    );
    for (const { reference } of provided)
      for (const locale of (await this.#asked(reference, (provider) => provider.locales())) ?? []) locales.add(locale);
    return { pids: found(false), factoryPids: found(true), locales: [...locales] };
  }

  async definition(name: string, pid: string, locale?: string): ReturnType<MetaType['definition']> {
    const bundle = this.#bundle(name);
    const { texts } = this.#document(name, bundle.revision.source);
    const written = (await this.#definitions(bundle)).find((each) => each.pid === pid);
    if (written)
      return objectClass({ pid, isFactory: written.isFactory, bundle: name }, localized(written.schema, texts, locale));
    for (const { reference, isFactory, pid: provided } of this.#providers(bundle)) {
      if (provided !== pid) continue;
      const schema = await this.#asked(reference, (provider) => provider.definition(pid, locale));
      if (schema && schemaCircle(schema) === undefined)
        return objectClass({ pid, isFactory, bundle: name }, localized(schema, texts, locale));
    }
    throw new RackwattError('METATYPE_UNKNOWN', `bundle ${name} says nothing of what ${pid} can be configured with`);
  }

  async validate(name: string, pid: string, attribute: string, value: unknown): Promise<string | undefined> {
    const { schema } = await this.definition(name, pid);
    const { properties } = schema as { properties?: Readonly<Record<string, unknown>> };
    if (!properties || !Object.hasOwn(properties, attribute)) return undefined;
    const alone = { ...schema, required: [attribute] };
    const { mistakes } = await validate(alone, { [attribute]: value });
    return mistakes[0]?.message ?? '';
  }

  #bundle(name: string): Bundle {
    const bundle = this.#framework.bundle(name);
    if (bundle) return bundle;
    throw new RackwattError('BUNDLE_UNKNOWN', `there is no bundle ${name}; "rackwatt bundle list" shows them`);
  }

  /** Of components; one without which a component does not come up has as many as there are configurations. */
  async #definitions(bundle: Bundle): Promise<WrittenDefinition[]> {
    const components = await this.#descriptions.of(bundle);
    return [
      ...this.#document(bundle.name, bundle.revision.source).definitions,
      ...components
        .flatMap(configurationsOf)
        .flatMap(({ pid, policy, schema }) =>
          schema && policy !== 'ignore' ? [{ pid, isFactory: policy === 'require', schema }] : [],
        ),
    ];
  }

  /** Of a bundle's files; one that is wrong is logged and left out. */
  #document(name: string, source: RevisionSource): MetatypeDocument {
    const known = this.#documents.get(source);
    if (known) return known;
    const whole: { definitions: WrittenDefinition[]; texts: Record<string, Record<string, string>> } = {
      definitions: [],
      texts: {},
    };
    const { root, manifest } = source;
    for (const document of bundleDocuments(root, manifest.metatype)) {
      const parsed = 'problem' in document ? document.problem : checked(parseMetatype(document.content));
      if (typeof parsed === 'string') {
        this.#log.error(`definitions of ${name}, ${document.path}: ${parsed}; it is left out`);
        continue;
      }
      whole.definitions.push(...parsed.definitions);
      for (const [language, texts] of Object.entries(parsed.texts))
        whole.texts[language] = { ...whole.texts[language], ...texts };
    }
    this.#documents.set(source, whole);
    return whole;
  }

  #providers({ name }: Bundle): { reference: ServiceReference<MetaTypeProvider>; pid: string; isFactory: boolean }[] {
    return this.#framework.registry
      .references(MetaTypeProvider)
      .filter(({ owner }) => owner?.name === name)
      .flatMap((reference) =>
        [false, true].flatMap((isFactory) =>
          textsOf(reference.property(isFactory ? 'metatype.factory.pid' : 'metatype.pid')).map((pid) => ({
            reference,
            pid,
            isFactory,
          })),
        ),
      );
  }

  async #asked<T>(
    reference: ServiceReference<MetaTypeProvider>,
    ask: (provider: MetaTypeProvider) => Promise<T>,
  ): Promise<T | undefined> {
    const { registry } = this.#framework;
    const provider = registry.get(SYSTEM, reference);
    try {
      return provider && (await ask(provider));
    } finally {
      registry.release(SYSTEM, reference);
    }
  }
}

function checked(document: MetatypeDocument | string): MetatypeDocument | string {
  if (typeof document === 'string') return document;
  for (const { pid, schema } of document.definitions) {
    const circle = schemaCircle(schema);
    if (circle !== undefined) return `the schema of ${pid} goes round in a circle at ${circle || 'its root'}`;
  }
  return document;
}

function textsOf(value: unknown): string[] {
  return (Array.isArray(value) ? (value as unknown[]) : [value]).filter((each) => typeof each === 'string');
}

/** What is checked under each PID of a component: of several, each may have a part only of what the component needs. */
function configurationsOf({
  name,
  configuration,
}: StaticComponent): { pid: string; policy: 'optional' | 'require' | 'ignore'; schema?: object }[] {
  const { pid = name, pids = [pid], policy = 'optional', schema } = configuration ?? {};
  const part = pids.length > 1 && schema ? { ...schema, required: [] } : schema;
  return pids.map((each) => ({ pid: each, policy, ...(part ? { schema: part } : {}) }));
}
