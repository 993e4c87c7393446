import { errorMessage, errorRecord, RackwattError } from '../errors.js';

/**
 * Codes of this folder: `MODULE_NOT_FOUND`, `MODULE_SYNTAX`, `MODULE_TOO_LARGE`, `MODULE_OUTSIDE`, `MODULE_EVALUATION`, `MODULE_LINK` (a name that is not
 * exported), `ERR_REQUIRE_ASYNC_MODULE`, `ERR_REQUIRE_CYCLE_MODULE` and `SPACE_DISPOSED`. The first and the two of
 * `require` are Node's own spelling, since packages look at them to see whether an optional dependency is there.
 */
export function moduleNotFound(specifier: string, from: string, detail?: string): RackwattError {
  const why = detail ? ` (${detail})` : '';
  return new RackwattError('MODULE_NOT_FOUND', `Cannot find '${specifier}', imported by ${from}${why}.`, {
    context: { specifier, from },
  });
}

export function moduleOutside(specifier: string, from: string): RackwattError {
  return new RackwattError(
    'MODULE_OUTSIDE',
    `'${specifier}', imported by ${from}, lies outside of the bundle: bring it along, or import a contract of its bundle.`,
    { context: { specifier, from } },
  );
}

export function moduleTooLarge(file: string, bytes: number): RackwattError {
  return new RackwattError('MODULE_TOO_LARGE', `${file} has more than ${bytes} bytes: that is no module.`, {
    context: { file },
  });
}

/** Where a text is not valid, both from 1; what the parser did not tell is absent. */
export interface Place {
  line?: number | undefined;
  column?: number | undefined;
}

export function moduleSyntax(file: string, { line, column }: Place, message: string): RackwattError {
  const where = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
  return new RackwattError('MODULE_SYNTAX', `${where} is not valid: ${message}.`, { context: { file, line, column } });
}

/** The cause is kept as plain data: an error object of a bundle would keep the whole revision. */
export function moduleEvaluation(entry: string, label: string, error: unknown): RackwattError {
  return new RackwattError(
    'MODULE_EVALUATION',
    `${label}: ${entry} threw while it was loaded: ${errorMessage(error)}`,
    {
      cause: errorRecord(error),
      context: { entry, label },
    },
  );
}

export function missingExport(name: string, specifier: string, from: string, ambiguous = false): RackwattError {
  const message = ambiguous
    ? `${from} imports '${name}' of '${specifier}', which exports it twice through 'export *'.`
    : `${from} imports '${name}' of '${specifier}', which does not export it.`;
  return new RackwattError('MODULE_LINK', message, { context: { name, specifier, from } });
}

export function requireOfAsyncModule(file: string, from: string): RackwattError {
  return new RackwattError(
    'ERR_REQUIRE_ASYNC_MODULE',
    `${from} requires ${file}, which waits at its top level (await): use import() instead.`,
    { context: { file, from } },
  );
}

export function requireCycle(file: string, from: string): RackwattError {
  return new RackwattError(
    'ERR_REQUIRE_CYCLE_MODULE',
    `${from} requires the ES module ${file}, which is just being evaluated: break the circle of imports.`,
    { context: { file, from } },
  );
}

export function spaceDisposed(label: string, action: string): RackwattError {
  return new RackwattError('SPACE_DISPOSED', `${label} was unloaded and can no longer ${action}.`, {
    context: { label },
  });
}

/** @param call as it was written, such as `process.exit(1)` */
export function processShared(label: string, call: string): RackwattError {
  return new RackwattError(
    'PROCESS_SHARED',
    `${label} called ${call}, which is refused: the process is shared by all bundles. Throw an error to fail alone, or give the bundle "isolation": "process".`,
    { context: { label, call } },
  );
}
