import { test, type TestContext } from 'node:test';
import { AREAS } from './items/index.js';

/** A behaviour that OSGi states, in Node's terms. */
export interface Item {
  number: number;
  /** CORE: who calls itself OSGi-like must have it. USEFUL: real deployments use it. JAVA-ONLY: nothing of Node answers to it. */
  mark: 'CORE' | 'USEFUL' | 'JAVA-ONLY';
  /** In short, as a statement that holds or does not. */
  behaviour: string;
  /** What we do instead and why, in a sentence; the item's test shows it. */
  differs?: string;
  /** Why it is not there, in a sentence; such an item has no test. */
  leftOut?: string;
}

const ITEMS = new Map(
  Object.values(AREAS)
    .flat()
    .map((item) => [item.number, item]),
);

/**
 * The test of an item, named by its number. An item may have several.
 * @param variant such as the style in which a component is written
 */
export function item(
  number: number,
  run: (t: TestContext) => void | Promise<void>,
  { variant }: { variant?: string } = {},
): void {
  const { behaviour, differs, leftOut } = ITEMS.get(number)!;
  if (leftOut !== undefined) throw new RangeError(`item ${number} is left out, yet it has a test`);
  const title = [number, ...(variant === undefined ? [] : [`(${variant})`]), behaviour].join(' ');
  test(differs === undefined ? title : `${title} - differs: ${differs}`, run);
}
