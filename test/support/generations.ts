/** The generations of a node without the node: real transactions on a real disk. */
import type * as DeploymentFace from '../../src/deployment/index.js';
import type * as DurableFace from '../../src/durable/index.cjs';

const built = (place: string): string => new URL(`../../../src/dist/${place}`, import.meta.url).href;
const { collect, ContentStore, GenerationLedger, Transactions } = (await import(
  built('deployment/index.js')
)) as typeof DeploymentFace;
export const { realFileSystem, replaceFile } = (await import(built('durable/index.cjs'))) as typeof DurableFace;
export type { FileSystem } from '../../src/durable/index.cjs';

export async function keptGenerations(
  storage: string,
  file: string,
  system: DurableFace.FileSystem = realFileSystem,
): Promise<InstanceType<typeof GenerationLedger> & { collect(): Promise<void> }> {
  const transactions = await Transactions.open({ system, storage, file });
  const contents = new ContentStore(`${storage}/store`, system);
  const ledger = new GenerationLedger({
    transactions,
    file,
    storage,
    contents,
    runtime: () => ({ version: '0.0.0', node: process.versions.node }),
  });
  return Object.assign(ledger, {
    collect: async () => void (await collect({ transactions, contents, storage, quota: 0, used: () => [], grace: 0 })),
  });
}
