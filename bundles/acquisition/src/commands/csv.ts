import { acquisitionError } from '../errors.js';

/** Rows of a CSV text (RFC 4180); empty lines are passed over, and `;` separates where the first line has no comma. */
export function parseCsv(text: string): string[][] {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const [first = ''] = plain.split(/\r?\n/, 1);
  const separator = first.includes(',') ? ',' : ';';
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = '';
  };
  const endRow = () => {
    endCell();
    if (row.some((each) => each.trim() !== '')) rows.push(row);
    row = [];
  };
  for (let i = 0; i < plain.length; i++) {
    const letter = plain[i]!;
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (plain[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (letter === '"' && cell === '') quoted = true;
    else if (letter === separator) endCell();
    else if (letter === '\n') endRow();
    else if (letter !== '\r') cell += letter;
  }
  if (quoted)
    throw acquisitionError('DEVICE_SETTINGS_INVALID', `The CSV text ends inside quotes, in row ${rows.length + 1}.`);
  endRow();
  return rows;
}
