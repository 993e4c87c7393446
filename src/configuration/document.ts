const NAME = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';

/** `pid` or `pid~instance`; an instance may be named in any script, without blanks or quotes. */
export const PID_PATTERN = '^[@A-Za-z0-9_][A-Za-z0-9_.:@|/-]{0,127}(~[^\\s~"\\\\\\u0000-\\u001f]{1,128})?$';

/**
 * Schema of `runtime.config.json`, from which `docs/runtime.config.schema.json` is made. Written out as JSON Schema
 * because building it with typebox would triple the time that an empty node takes to start.
 */
export const documentSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Rackwatt runtime.config.json',
  description:
    'Everything that a Rackwatt node runs: the framework, its bundles, and the configurations of their components.',
  type: 'object',
  additionalProperties: false,
  required: ['id'],
  properties: {
    $schema: { type: 'string', description: 'Where editors find this schema.' },
    id: {
      type: 'string',
      pattern: NAME,
      description: 'Name of the node, unique among those that report to one concentrator.',
      examples: ['gateway-fra1-07'],
    },
    framework: {
      type: 'object',
      additionalProperties: false,
      description: 'Settings of the container itself. Relative folders start at the folder of this file.',
      default: {},
      properties: {
        storage: {
          type: 'string',
          minLength: 1,
          default: './var',
          description: 'Folder for everything that the node writes.',
        },
        dropins: {
          type: 'string',
          minLength: 1,
          description: 'Folder whose bundles are installed as they appear. Absent: no such folder.',
        },
        startLevel: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
          default: 10,
          description: 'Level up to which bundles are started.',
        },
        bundleStartLevel: {
          type: 'integer',
          minimum: 1,
          maximum: 1000,
          default: 1,
          description: 'Level of bundles that name none.',
        },
        activationTimeout: {
          type: 'string',
          format: 'duration',
          default: '10 s',
          description: 'Time in which the components that a change touches must be active, else the change is undone.',
        },
        probation: {
          type: 'string',
          format: 'duration',
          default: '1 min',
          description:
            'Time for which a node must be healthy with archives that were installed, else the change is rolled back.',
        },
        quota: {
          type: 'string',
          format: 'size',
          default: '2 GB',
          description: 'Room for the contents of generations that are kept to go back to.',
        },
        runtime: {
          type: 'object',
          additionalProperties: false,
          required: ['version', 'digest'],
          description:
            'The installed runtime, with its Node, that runs the node. Absent: the one that the launcher came with.',
          properties: {
            version: { type: 'string', minLength: 1, maxLength: 100, description: 'Its version.', examples: ['0.2.0'] },
            digest: {
              type: 'string',
              pattern: '^sha256:[0-9a-f]{64}$',
              description: 'Its content; another one is not run.',
              examples: [`sha256:${'0'.repeat(64)}`],
            },
          },
        },
        trust: {
          type: 'object',
          additionalProperties: false,
          description: 'Which bundles may run.',
          default: {},
          properties: {
            unsigned: {
              type: 'array',
              uniqueItems: true,
              items: { enum: ['link', 'dropins', 'store'] },
              default: [],
              description: 'Origins whose bundles run without a signature.',
            },
            keys: {
              type: 'string',
              minLength: 1,
              default: './keys',
              description: 'Folder of the public keys whose signatures are trusted.',
            },
          },
        },
        log: {
          type: 'object',
          additionalProperties: false,
          description: 'What is logged.',
          default: {},
          properties: {
            level: {
              enum: ['debug', 'info', 'warn', 'error'],
              default: 'info',
              description: 'Least level that is logged.',
            },
          },
        },
      },
    },
    bundles: {
      type: 'array',
      maxItems: 10_000,
      description: 'The bundles of the node.',
      default: [],
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id'],
        properties: {
          id: {
            type: 'string',
            pattern: '^[a-z]+:[^\\s].*$',
            maxLength: 1024,
            description: 'Where the bundle comes from.',
            examples: ['link:./bundles/driver-snmp'],
          },
          startLevel: {
            type: 'integer',
            minimum: 1,
            maximum: 1000,
            description: 'Level at which the bundle starts; framework.bundleStartLevel when absent.',
          },
          isolation: {
            description:
              'Where the bundle runs: in the process of the node, in a worker, in a process of its own; as an object with limits.',
            default: 'space',
            anyOf: [
              { enum: ['space', 'worker', 'process'] },
              {
                type: 'object',
                additionalProperties: false,
                required: ['kind'],
                properties: {
                  kind: { enum: ['worker', 'process'], description: 'Where the bundle runs.' },
                  heap: {
                    type: 'string',
                    format: 'size',
                    description: 'JavaScript heap, after which the bundle is ended; "256 MB" when absent.',
                    examples: ['64 MB'],
                  },
                  memory: {
                    type: 'string',
                    format: 'size',
                    description:
                      'All memory of a process, after which it is ended; "256 MB" more than the heap when absent.',
                    examples: ['512 MB'],
                  },
                  startup: {
                    type: 'string',
                    format: 'duration',
                    description: 'Time in which the bundle must be loaded; "10 s" when absent.',
                    examples: ['10 s'],
                  },
                  heartbeat: {
                    type: 'string',
                    format: 'duration',
                    description: 'Time in which its event loop must turn once, else it is ended; "1 s" when absent.',
                    examples: ['1 s'],
                  },
                },
              },
            ],
          },
          digest: {
            type: 'string',
            pattern: '^sha256:[0-9a-f]{64}$',
            description: 'The content that must be found; another one is refused.',
            examples: [`sha256:${'0'.repeat(64)}`],
          },
          start: { type: 'boolean', default: true, description: 'false: installed, not started.' },
        },
      },
    },
    configurations: {
      type: 'object',
      description: 'Settings of components by PID; "pid~name" makes one instance more.',
      default: {},
      propertyNames: { pattern: PID_PATTERN, examples: ['rackwatt.device~rack1-a'] },
      additionalProperties: { type: 'object' },
    },
  },
} as const;

export type BundleIsolation = 'space' | 'worker' | 'process';

/** Where a bundle runs outside the node's own thread, with limits as written. */
export interface IsolationEntry {
  kind: 'worker' | 'process';
  /** Size. */
  heap?: string;
  /** Size. */
  memory?: string;
  /** Duration. */
  startup?: string;
  /** Duration. */
  heartbeat?: string;
}

export interface BundleEntry {
  /** Where it comes from: `link:./bundles/driver-snmp`. */
  id: string;
  startLevel?: number;
  isolation: BundleIsolation | IsolationEntry;
  /** `sha256:...` that the content must have. */
  digest?: string;
  start: boolean;
}

export interface RuntimeEntry {
  version: string;
  /** `sha256:...` of its content. */
  digest: string;
}

export interface FrameworkSettings {
  /** Folders as written; relative to the folder of the file. */
  storage: string;
  dropins?: string;
  startLevel: number;
  bundleStartLevel: number;
  /** Duration. */
  activationTimeout: string;
  /** Duration. */
  probation: string;
  /** Size. */
  quota: string;
  /** The installed runtime that is to run; the one that the launcher came with when absent. */
  runtime?: RuntimeEntry;
  trust: { unsigned: ('link' | 'dropins' | 'store')[]; keys: string };
  log: { level: 'debug' | 'info' | 'warn' | 'error' };
}

/** The document with every default filled in. Configurations are as written: the defaults of a PID are its schema's. */
export interface RuntimeDocument {
  $schema?: string;
  id: string;
  framework: FrameworkSettings;
  bundles: BundleEntry[];
  configurations: Record<string, Record<string, unknown>>;
}
