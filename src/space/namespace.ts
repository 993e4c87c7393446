import { isModuleNamespaceObject } from 'node:util/types';

/**
 * Objects that stand for ES module namespaces. Made by a constructor with an empty prototype and not by
 * `Object.create(null)`, which V8 keeps in its slow form: a call of an imported function would take 15 times as long.
 */
export interface Namespace {
  [name: string]: unknown;
}

function NamespaceObject(this: object): void {
  Object.defineProperty(this, Symbol.toStringTag, { value: 'Module' });
}
NamespaceObject.prototype = Object.create(null) as object;

export function newNamespace(): Namespace {
  return Reflect.construct(NamespaceObject, []) as Namespace;
}

/** Defines a live name. Configurable, because the module's own text defines it again. */
export function defineExport(namespace: Namespace, name: string, get: () => unknown): void {
  Object.defineProperty(namespace, name, { enumerable: true, configurable: true, get });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** What `import` of a CommonJS module or a built-in gives: its members by name, and all of it as `default`. */
export function importView(exports: unknown): Namespace {
  if (isModuleNamespaceObject(exports)) return exports as Namespace;
  const view = newNamespace();
  if (isObject(exports)) {
    for (const name of Object.keys(exports)) if (name !== 'default') defineExport(view, name, () => exports[name]);
  }
  defineExport(view, 'default', () => exports);
  defineExport(view, 'module.exports', () => exports);
  return view;
}

/** What TypeScript's `import` gives in a package of CommonJS: a module that says it was an ES module is taken at its word. */
export function interopView(exports: unknown): Namespace {
  if (isObject(exports) && (exports['__esModule'] === true || isModuleNamespaceObject(exports))) return exports;
  return importView(exports);
}

/**
 * What `require()` of an ES module gives. A `default` export is marked, as Node and TypeScript do, so that code
 * which was compiled to CommonJS finds it.
 */
export function requireView(namespace: Namespace, marked: boolean): unknown {
  if ('module.exports' in namespace) return namespace['module.exports'];
  if (!marked && (!('default' in namespace) || '__esModule' in namespace)) return namespace;
  const view = newNamespace();
  for (const name of Object.keys(namespace)) defineExport(view, name, () => namespace[name]);
  if (!('__esModule' in namespace)) Object.defineProperty(view, '__esModule', { value: true });
  return view;
}
