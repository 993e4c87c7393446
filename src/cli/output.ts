/** Columns aligned for people; numbers to the right. */
export function table(rows: readonly Record<string, unknown>[], columns?: readonly string[]): string {
  const keys = columns ?? Object.keys(rows[0] ?? {});
  if (rows.length === 0) return '';
  const text = (value: unknown): string =>
    value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
  const width = keys.map((key) => Math.max(key.length, ...rows.map((row) => text(row[key]).length)));
  const numeric = keys.map((key) => rows.every((row) => typeof row[key] === 'number'));
  const line = (cells: string[]): string =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(width[i]!) : cell.padEnd(width[i]!)))
      .join('  ')
      .trimEnd();
  return (
    [line(keys.map((key) => key.toUpperCase())), ...rows.map((row) => line(keys.map((key) => text(row[key]))))].join(
      '\n',
    ) + '\n'
  );
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
