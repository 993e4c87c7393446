import { dirname } from 'node:path';

/** The `require` of one module. */
export interface RequireFunction {
  (specifier: string): unknown;
  resolve: ((specifier: string) => string) & { paths(specifier: string): string[] };
  cache: object;
  extensions: object;
  main: undefined;
}

/** What a CommonJS module knows as `module`. */
export class CommonJsModule {
  readonly kind = 'cjs';
  exports: unknown = {};
  loaded = false;
  readonly children: CommonJsModule[] = [];
  readonly id: string;
  readonly path: string;
  readonly filename: string;
  readonly parent: object | undefined;
  require!: RequireFunction;

  constructor(filename: string, parent: object | undefined) {
    this.id = filename;
    this.filename = filename;
    this.path = dirname(filename);
    this.parent = parent;
  }

  get paths(): string[] {
    return moduleFolders(this.path);
  }
}

/** The module that requires a bundle's entry: the container, so that an entry does not take itself for a program. */
export const CONTAINER_MODULE: object = Object.freeze({ id: 'rackwatt', exports: {}, loaded: true, children: [] });

/** `node_modules` folders from `folder` upwards. */
export function moduleFolders(folder: string): string[] {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    if (!at.endsWith('/node_modules')) folders.push(`${at === '/' ? '' : at}/node_modules`);
    if (at === dirname(at)) return folders;
  }
}

export const COMMONJS_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'] as const;
