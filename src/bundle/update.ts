import { errorMessage, RackwattError } from '../errors.js';
import { ServiceStage } from '../registry/index.js';
import type { Bundle } from './bundle.js';
import type { Change } from './bundle-host.js';
import { Replacement, type ReplacementHost } from './replacement.js';
import type { Revision } from './revision.js';

export interface UpdateHost extends ReplacementHost {
  /** Wires new revisions, with each other where they belong together. */
  wire(revisions: readonly Revision[]): Promise<void>;
}

/**
 * Gives bundles new content, all or none. New revisions are wired to each other and loaded; the staged ones are started
 * beside the old, on a stage where they see each other, and proven; the exclusive ones are stopped, started and proven in the
 * order in which they depend on each other; at last all staged ones are flipped together. On any failure, what was
 * stopped runs again, and the rest never stopped.
 * @throws `BUNDLE_UPDATE` with the cause; `BUNDLE_BUSY`
 */
export async function updateBundles(changes: readonly Change[], host: UpdateHost): Promise<void> {
  const bundles = changes.map(({ bundle }) => bundle);
  if (new Set(bundles).size < bundles.length)
    throw new RackwattError('BUNDLE_UPDATE', 'an update names a bundle twice', {
      context: { bundles: bundles.map(({ name }) => name) },
    });
  const replacements: Replacement[] = [];
  await allExclusively(bundles, async () => {
    try {
      for (const change of changes) replacements.push(new Replacement(change, host));
      await replace(replacements, host);
    } catch (error) {
      await goBack(replacements);
      throw failure(replacements, changes, error);
    }
    await succeed(replacements, host);
  });
}

/** All that can fail. */
async function replace(replacements: readonly Replacement[], host: UpdateHost): Promise<void> {
  const stage = new ServiceStage();
  await host.wire(replacements.map(({ next }) => next));
  for (const replacement of replacements) await replacement.load(stage);
  const staged = replacements.filter(({ manner }) => manner === 'staged');
  const serial = inOrder(replacements.filter(({ manner }) => manner === 'exclusive' || manner === 'launched'));
  for (const replacement of staged) await replacement.hold();
  // The running revisions are left alone until all that can be known beforehand is known.
  await Promise.all(staged.map((replacement) => replacement.prove(serial.length > 0)));
  for (const replacement of serial.toReversed()) if (replacement.manner === 'exclusive') await replacement.halt();
  for (const replacement of serial) {
    await replacement.launch(stage);
    await replacement.prove();
  }
  if (serial.length > 0) await Promise.all(staged.map((replacement) => replacement.prove()));
  await Promise.all(staged.map((replacement) => replacement.handOver()));
}

/** Nothing here can fail: the new revisions are proven. */
async function succeed(replacements: readonly Replacement[], host: UpdateHost): Promise<void> {
  const staged = replacements.filter(({ manner }) => manner === 'staged');
  if (staged.length > 0) {
    await host.components.flip(
      staged.map(({ run }) => run.services),
      staged.map(({ old }) => old.services),
    );
    await Promise.all(staged.map((replacement) => replacement.succeed()));
  }
  for (const replacement of replacements) {
    if (replacement.manner === 'kept') replacement.keep();
    replacement.commit();
  }
}

async function goBack(replacements: readonly Replacement[]): Promise<void> {
  const inReverse = inOrder(replacements).reverse();
  for (const replacement of inReverse) await replacement.withdraw();
  for (const replacement of inReverse.reverse()) await replacement.restore();
}

/** Those whose contracts others import come before those others; circles end where they are met. */
function inOrder(replacements: readonly Replacement[]): Replacement[] {
  const ordered = new Set<Replacement>();
  const visit = (replacement: Replacement, path: ReadonlySet<Replacement>): void => {
    if (ordered.has(replacement) || path.has(replacement)) return;
    const further = new Set(path).add(replacement);
    for (const other of replacements) if (dependsOn(replacement, other)) visit(other, further);
    ordered.add(replacement);
  };
  for (const replacement of replacements) visit(replacement, new Set());
  return [...ordered];
}

function dependsOn(replacement: Replacement, other: Replacement): boolean {
  return replacement !== other && replacement.next.manifest.imports[other.bundle.name] !== undefined;
}

/** Bundles are taken in one order, so that two updates never wait for each other. */
export function allExclusively(bundles: readonly Bundle[], operation: () => Promise<void>): Promise<void> {
  const [first, ...others] = bundles.toSorted((a, b) => a.id - b.id);
  return first ? first.exclusively('update', () => allExclusively(others, operation)) : operation();
}

function failure(replacements: readonly Replacement[], changes: readonly Change[], error: unknown): RackwattError {
  const to = changes.map(({ bundle, source }) => `${bundle.name} to ${source.manifest.version}`).join(', ');
  const failed = replacements.find((replacement) => replacement.failed)?.bundle.name ?? unresolved(error);
  const who = failed === undefined || changes.length === 1 ? '' : `${failed}: `;
  const goesOn = changes.map(({ bundle }) => bundle.version).join(', ');
  const message = `update of ${to} failed, ${goesOn} ${changes.length === 1 ? 'goes' : 'go'} on: ${who}${errorMessage(error)}`;
  const context = { bundles: changes.map(({ bundle }) => bundle.name), ...(failed === undefined ? {} : { failed }) };
  return new RackwattError('BUNDLE_UPDATE', message, { cause: error, context });
}

/** Which one could not be wired. */
function unresolved(error: unknown): string | undefined {
  if (!(error instanceof RackwattError) || error.code !== 'BUNDLE_RESOLVE') return undefined;
  return error.context['bundle'] as string | undefined;
}
