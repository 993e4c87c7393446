import { useEffect, useState } from 'preact/hooks';

const FIRST = 40;
const STEP = 80;

/** How many of many rows to show: what a screen holds at once, the others in the moments after. */
export function useGrowing(count: number): number {
  const [shown, setShown] = useState(FIRST);
  useEffect(() => {
    if (shown >= count) return;
    const timer = setTimeout(() => setShown(shown + STEP), 30);
    return () => clearTimeout(timer);
  }, [shown, count]);
  return Math.min(shown, count);
}
