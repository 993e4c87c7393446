/** Addresses as people read them: 192.0.2.9 before 192.0.2.10, ports and units behind. */
export function compareAddresses(a: string, b: string): number {
  const [left, right] = [pieces(a), pieces(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [one, other] = [left[i]!, right[i]!];
    if (one === other) continue;
    const difference = Number(one) - Number(other);
    return Number.isNaN(difference) ? (one < other ? -1 : 1) : difference;
  }
  return left.length - right.length;
}

const pieces = (address: string): string[] => address.split(/(\d+)/).filter((piece) => piece !== '');
