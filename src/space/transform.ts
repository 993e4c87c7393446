import { createRequire, type SourceMapPayload } from 'node:module';
import type * as Parser from 'oxc-parser';
import type * as Transformer from 'oxc-transform';
import { digestOf } from './digest.js';
import { moduleSyntax } from './errors.js';
import type { TransformCache } from './transform-cache.js';

/** What linking needs to know of an ES module, without running it. */
export interface ModuleRecord {
  /** In the order of the source; one for each specifier. */
  requests: { specifier: string; names: string[] }[];
  /** Exported names that the module itself holds. */
  local: string[];
  /** Exported names that are another module's; `name` null is its whole namespace. */
  indirect: { exported: string; specifier: string; name: string | null }[];
  /** Specifiers of `export * from`. */
  stars: string[];
  /** Waits at its top level. */
  async: boolean;
  /** Names of imported bindings in the module. */
  bindings: string[];
}

export interface Prepared {
  code: string;
  /** From `code` back to the source, step by step. */
  maps: SourceMapPayload[];
  /** Absent for CommonJS. */
  record?: ModuleRecord;
}

const load = createRequire(import.meta.url);
let parser: typeof Parser | undefined;
let transformer: typeof Transformer | undefined;
let versions: string | undefined;

const oxcParser = (): typeof Parser => (parser ??= load('oxc-parser') as typeof Parser);
const oxcTransform = (): typeof Transformer => (transformer ??= load('oxc-transform') as typeof Transformer);

/** Changes whenever the same source could come out differently. */
function transformerVersion(): string {
  const shape = '1';
  versions ??= ['oxc-parser', 'oxc-transform']
    .map((name) => (load(`${name}/package.json`) as { version: string }).version)
    .join('+');
  return `${shape}/${versions}`;
}

/** Parameters of an ES module's function, by the names that oxc's transform gives them. */
export const ESM_PARAMETERS = [
  '__vite_ssr_exports__',
  '__vite_ssr_import__',
  '__vite_ssr_dynamic_import__',
  '__vite_ssr_exportAll__',
  '__vite_ssr_import_meta__',
] as const;
/** Parameter that stands for `import` in `import()` of CommonJS; as long as the word, so that columns stay. */
export const DYNAMIC_IMPORT = 'imp_rt';
/** Parameter that holds the decorators' helpers in transformed TypeScript. */
export const HELPERS = 'babelHelpers';

/** Transforms sources for spaces; nothing of the transformer is loaded before the first call. */
export class SourceTransformer {
  readonly #cache: TransformCache | undefined;

  constructor(cache: TransformCache | undefined) {
    this.#cache = cache;
  }

  #cached<T>(kind: string, file: string, source: string, make: () => T): T {
    if (!this.#cache) return make();
    const digest = digestOf(source);
    return this.#cache.get([kind, file, digest, transformerVersion()], make);
  }

  /** JavaScript of an ES module. @throws RackwattError `MODULE_SYNTAX` */
  esm(file: string, source: string): Prepared {
    return this.#cached('esm', file, source, () => toFunctionBody(file, source, source, []));
  }

  /** TypeScript, with legacy decorators and their metadata. @param strict an ES module for sure, not by its syntax */
  typescript(file: string, source: string, strict: boolean): Prepared {
    return this.#cached(strict ? 'ts-esm' : 'ts', file, source, () => {
      const stripped = stripTypes(file, source, strict);
      const isModule =
        strict ||
        oxcParser().parseSync(`${file}.js`, stripped.code, { sourceType: 'unambiguous' }).module.hasModuleSyntax;
      if (isModule) return toFunctionBody(file, source, stripped.code, [stripped.map]);
      return { code: replaceDynamicImports(file, stripped.code), maps: [stripped.map] };
    });
  }

  /** CommonJS with `import()` replaced by a call of the space. */
  dynamicImports(file: string, source: string): string {
    return this.#cached('cjs', file, source, () => replaceDynamicImports(file, source));
  }
}

/** Whether a text that does not parse as CommonJS is an ES module. */
export function hasModuleSyntax(file: string, source: string): boolean {
  const { module, errors } = oxcParser().parseSync(`${file}.mjs`, source, { sourceType: 'module' });
  return module.hasModuleSyntax || (errors.length === 0 && /\bawait\b/.test(source));
}

function failOn(
  file: string,
  source: string,
  errors: readonly Transformer.OxcError[] | readonly Parser.OxcError[],
): void {
  const error = errors.find((candidate) => candidate.severity === 'Error');
  if (!error) return;
  const at = error.labels[0]?.start;
  const before = at === undefined ? undefined : source.slice(0, at).split('\n');
  throw moduleSyntax(
    file,
    { line: before?.length, column: before && before.at(-1)!.length + 1 },
    error.message.replace(/\.$/, ''),
  );
}

function stripTypes(file: string, source: string, strict: boolean): { code: string; map: SourceMapPayload } {
  const result = oxcTransform().transformSync(file, source, {
    lang: 'ts',
    sourceType: strict || !file.endsWith('.cts') ? 'unambiguous' : 'commonjs',
    sourcemap: true,
    helpers: { mode: 'External' as Transformer.HelperMode },
    decorator: { legacy: true, emitDecoratorMetadata: true },
    typescript: { rewriteImportExtensions: false },
  });
  failOn(file, source, result.errors);
  return { code: result.code, map: lean(result.map, file) };
}

/** A map without the sources' text: the files are there. */
function lean(map: Transformer.SourceMap | undefined, file: string): SourceMapPayload {
  return {
    version: 3,
    file,
    sources: [file],
    sourcesContent: [],
    names: [],
    sourceRoot: '',
    mappings: map?.mappings ?? '',
  };
}

function toFunctionBody(file: string, source: string, script: string, before: SourceMapPayload[]): Prepared {
  const parsed = oxcParser().parseSync(`${file}.mjs`, script, { sourceType: 'module', lang: 'js' });
  failOn(file, before.length > 0 ? '' : source, parsed.errors);
  const record = recordOf(parsed);
  const result = oxcTransform().moduleRunnerTransformSync(file, script, { sourcemap: true });
  failOn(file, before.length > 0 ? '' : source, result.errors);
  return {
    code: withPlainImports(result.code.replace(/^#!/, '//')),
    maps: [lean(result.map, file), ...before],
    record,
  };
}

/**
 * The imports stand at the top, each `const __vite_ssr_import_0__ = await __vite_ssr_import__(...)`, counted up. Their
 * dependencies are evaluated by the space, so that nothing needs to be awaited; blanks keep the columns.
 */
function withPlainImports(code: string): string {
  let output = '';
  let position = 0;
  for (let index = 0; ; index++) {
    const head = `const __vite_ssr_import_${index}__ = `;
    const at = code.indexOf(`${head}await __vite_ssr_import__(`, position);
    if (at < 0) return output + code.slice(position);
    output += `${code.slice(position, at)}${head}      `;
    position = at + head.length + 'await '.length;
  }
}

function recordOf(parsed: Parser.ParseResult): ModuleRecord {
  const requests = new Map<string, Set<string>>();
  const namesOf = (specifier: string): Set<string> => {
    const names = requests.get(specifier) ?? new Set<string>();
    requests.set(specifier, names);
    return names;
  };
  const bindings = new Set<string>();
  const indirect: ModuleRecord['indirect'] = [];
  const local: string[] = [];
  const stars: string[] = [];
  const ordered: { at: number; specifier: string }[] = [];
  for (const { start, moduleRequest, entries } of parsed.module.staticImports) {
    ordered.push({ at: start, specifier: moduleRequest.value });
    for (const { importName, localName } of entries) {
      bindings.add(localName.value);
      if (importName.kind === 'Name' && importName.name !== null) namesOf(moduleRequest.value).add(importName.name);
      if (importName.kind === 'Default') namesOf(moduleRequest.value).add('default');
    }
  }
  for (const { entries } of parsed.module.staticExports) {
    for (const { start, moduleRequest, importName, exportName } of entries) {
      const exported = exportName.kind === 'Default' ? 'default' : exportName.name;
      if (!moduleRequest) {
        if (exported !== null) local.push(exported);
        continue;
      }
      ordered.push({ at: start, specifier: moduleRequest.value });
      if (exported === null) stars.push(moduleRequest.value);
      else {
        const name = importName.kind === 'Name' ? importName.name : null;
        indirect.push({ exported, specifier: moduleRequest.value, name });
      }
    }
  }
  // An export of an imported name counts where the import stands, which was seen already.
  const sorted = ordered.sort((one, other) => one.at - other.at).map(({ specifier }) => specifier);
  const specifiers = [...new Set(sorted)];
  return {
    requests: specifiers.map((specifier) => ({ specifier, names: [...(requests.get(specifier) ?? [])] })),
    local,
    indirect,
    stars,
    async: waitsAtTopLevel(parsed),
    bindings: [...bindings],
  };
}

interface Node {
  type?: unknown;
  await?: unknown;
  kind?: unknown;
}

const OWN_SCOPE = /Function|MethodDefinition|PropertyDefinition|StaticBlock/;

/** By the syntax tree: `await (x)` may be a call of a function named `await` in a text search. */
function waitsAtTopLevel(parsed: Parser.ParseResult): boolean {
  const pending: unknown[] = [parsed.program.body];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (Array.isArray(node)) {
      pending.push(...(node as unknown[]).filter((child) => child !== null && child !== undefined));
      continue;
    }
    const { type, await: waits, kind } = node as Node;
    if (type === 'AwaitExpression' || (type === 'ForOfStatement' && waits === true)) return true;
    if (type === 'VariableDeclaration' && kind === 'await using') return true;
    if (typeof type === 'string' && OWN_SCOPE.test(type)) continue;
    for (const child of Object.values(node as object))
      if (typeof child === 'object' && child !== null) pending.push(child);
  }
  return false;
}

/** Replaces the word `import` of each `import(...)`. A lexer does it for a packed bundle; the parser where the lexer gives up. */
function replaceDynamicImports(file: string, source: string): string {
  let output = '';
  let position = 0;
  for (const at of dynamicImportsOf(file, source)) {
    output += source.slice(position, at) + DYNAMIC_IMPORT;
    position = at + 'import'.length;
  }
  return output + source.slice(position);
}

function dynamicImportsOf(file: string, source: string): number[] {
  try {
    const { parse } = load('es-module-lexer/js') as typeof import('es-module-lexer');
    const [imports] = parse(source);
    return imports.filter((found) => found.type === 'dynamic').map((found) => found.importStart);
  } catch {
    const { module } = oxcParser().parseSync(`${file}.cjs`, source, { sourceType: 'commonjs', lang: 'js' });
    return module.dynamicImports.map((found) => found.start);
  }
}
