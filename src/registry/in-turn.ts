/**
 * Lets each element have its turn: one that fails does not keep the others from theirs.
 * @throws the first failure, whatever it is, once all had their turn
 */
export function inTurn<E>(elements: readonly E[], act: (element: E) => void): void {
  const failures: unknown[] = [];
  for (const element of elements) {
    try {
      act(element);
    } catch (error) {
      failures.push(error);
    }
  }
  // oxlint-disable-next-line typescript/only-throw-error -- the caller's own error, whatever it is
  if (failures.length > 0) throw failures[0];
}
