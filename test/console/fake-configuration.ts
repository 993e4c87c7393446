import { createHash } from 'node:crypto';
import type {
  Configuration,
  ConfigurationAdmin,
  ConfigurationEdit,
  ConfigurationOutcome,
  ConfigurationSchema,
} from 'rackwatt';
import { RackwattError } from 'rackwatt';
import { Type } from 'typebox';

const DEVICE_SCHEMA = Type.Object(
  {
    address: Type.String({
      title: 'Address',
      description: 'URL of the device: snmp://192.0.2.7',
      pattern: '^[a-z]+://.+',
    }),
    profile: Type.String({ default: 'auto', title: 'Profile' }),
    credentials: Type.Optional(
      Type.Union([Type.String(), Type.Record(Type.String(), Type.Unknown())], {
        title: 'Credentials',
        writeOnly: true,
      }),
    ),
    protocol: Type.Optional(
      Type.Union([
        Type.Number({ title: 'Number' }),
        Type.Object({ user: Type.String(), authKey: Type.Optional(Type.String()) }, { title: 'Named' }),
      ]),
    ),
    interval: Type.String({ default: '10 s', format: 'duration', title: 'Interval' }),
    retries: Type.Optional(Type.Integer({ minimum: 0, maximum: 5 })),
    enabled: Type.Boolean({ default: true }),
    location: Type.Optional(
      Type.Object({
        site: Type.Optional(Type.String()),
        rack: Type.Optional(Type.String()),
        feed: Type.Optional(Type.Union([Type.Literal('A'), Type.Literal('B')])),
      }),
    ),
  },
  { additionalProperties: false },
);

type Document = { id: string; configurations: Record<string, Record<string, unknown>> };

/** The configuration file in memory; validates as far as the tests need it. */
export class FakeConfiguration implements ConfigurationAdmin {
  document: Document = { id: 'gw-1', configurations: {} };
  readonly edits: ConfigurationEdit[][] = [];
  readonly stored = new Map<string, string>();

  get revision(): string {
    return createHash('sha256').update(JSON.stringify(this.document)).digest('hex').slice(0, 12);
  }

  async read() {
    return { text: JSON.stringify(this.document), revision: this.revision, document: structuredClone(this.document) };
  }

  async edit(edits: readonly ConfigurationEdit[], options: { revision?: string } = {}): Promise<ConfigurationOutcome> {
    if (options.revision !== undefined && options.revision !== this.revision) {
      throw new RackwattError(
        'CONFIG_CHANGED_MEANWHILE',
        'The configuration file was changed meanwhile; read it again.',
      );
    }
    const { outcome, document } = this.#tried(edits);
    if (!outcome.applied) return outcome;
    this.document = document;
    this.edits.push([...edits]);
    return { ...outcome, revision: this.revision };
  }

  async validate(edits: readonly ConfigurationEdit[]): Promise<ConfigurationOutcome> {
    return { ...this.#tried(edits).outcome, applied: false };
  }

  async configuration(pid: string): Promise<Configuration> {
    const properties = this.document.configurations[pid];
    return { pid, changeCount: this.edits.length, ...(properties ? { properties: structuredClone(properties) } : {}) };
  }

  factoryConfiguration(factoryPid: string, name = 'new'): Promise<Configuration> {
    return this.configuration(`${factoryPid}~${name}`);
  }

  list(): Promise<Configuration[]> {
    return Promise.all(Object.keys(this.document.configurations).map((pid) => this.configuration(pid)));
  }

  async update(pid: string, properties: Readonly<Record<string, unknown>>): Promise<void> {
    await this.edit([{ path: ['configurations', pid], value: properties }]);
  }

  async updateIfDifferent(pid: string, properties: Readonly<Record<string, unknown>>): Promise<boolean> {
    await this.update(pid, properties);
    return true;
  }

  async delete(pid: string): Promise<void> {
    await this.edit([{ path: ['configurations', pid] }]);
  }

  async schemas(): Promise<ConfigurationSchema[]> {
    const schema = JSON.parse(JSON.stringify(DEVICE_SCHEMA)) as object;
    return [
      {
        pid: 'rackwatt.device',
        component: 'rackwatt.device',
        bundle: '@rackwatt/acquisition',
        policy: 'require',
        schema,
      },
    ];
  }

  async secrets(): Promise<string[]> {
    return [...this.stored.keys()];
  }

  async setSecret(name: string, value: string): Promise<void> {
    this.stored.set(name, value);
  }

  async removeSecret(name: string): Promise<void> {
    this.stored.delete(name);
  }

  #tried(edits: readonly ConfigurationEdit[]): { outcome: ConfigurationOutcome; document: Document } {
    const document = structuredClone(this.document);
    for (const { path, value } of edits) {
      const parent = path
        .slice(0, -1)
        .reduce<Record<string, unknown>>(
          (part, key) => (part[key] ??= {}) as Record<string, unknown>,
          document as unknown as Record<string, unknown>,
        );
      if (value === undefined) delete parent[path.at(-1)!];
      else parent[path.at(-1)!] = value;
    }
    const problems = Object.entries(document.configurations)
      .filter(([, device]) => device['interval'] === 'soon')
      .map(([pid]) => ({
        message: `configurations.${pid}.interval is no duration; write one such as "10 s".`,
        pointer: `/configurations/${pid.replaceAll('~', '~0')}/interval`,
        line: 1,
        column: 1,
      }));
    return { outcome: { applied: problems.length === 0, problems, revision: this.revision }, document };
  }
}
