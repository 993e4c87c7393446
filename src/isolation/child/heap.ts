import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let collect: (() => void) | undefined;

/** Bytes of this thread's heap that live, when they are more than `limit`; what is garbage does not count. */
export function heapOver(limit: number): number | undefined {
  const used = (): number => getHeapStatistics().used_heap_size;
  if (used() <= limit) return undefined;
  if (!collect) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  const living = used();
  return living > limit ? living : undefined;
}
