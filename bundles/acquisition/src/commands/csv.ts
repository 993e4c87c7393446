import { acquisitionError } from '../errors.js';

export interface CsvCell {
  text: string;
  /** Line of the file in which the cell begins, from 1: quoted cells may hold line breaks. */
  line: number;
}

/** What is wrong with the text as CSV. */
export interface CsvProblem {
  line: number;
  message: string;
}

/**
 * Rows of a CSV text (RFC 4180); empty lines are passed over, and `;` or a tab separates where the first line has no comma.
 * @throws `DEVICE_SETTINGS_INVALID` for a text that ends inside quotes: where its rows end is not known
 */
export function parseCsv(text: string): { rows: CsvCell[][]; problems: CsvProblem[] } {
  const plain = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const separator = separatorOf(plain);
  const rows: CsvCell[][] = [];
  const problems: CsvProblem[] = [];
  let row: CsvCell[] = [];
  let line = 1;
  let cell: CsvCell = { text: '', line };
  let state: 'bare' | 'quoted' | 'closed' = 'bare';
  const endCell = () => {
    row.push(cell);
    cell = { text: '', line };
    state = 'bare';
  };
  const endRow = () => {
    endCell();
    if (row.some((each) => each.text.trim() !== '')) rows.push(row);
    row = [];
  };
  for (let i = 0; i < plain.length; i++) {
    const letter = plain[i]!;
    if (letter === '\n') line++;
    if (state === 'quoted') {
      if (letter !== '"') cell.text += letter;
      else if (plain[i + 1] === '"') {
        cell.text += '"';
        i++;
      } else state = 'closed';
    } else if (letter === separator) endCell();
    else if (letter === '\n') endRow();
    else if (letter === '\r') continue;
    else if (letter === '"' && cell.text === '' && state === 'bare') state = 'quoted';
    else if (state === 'bare') cell.text += letter;
    else if (letter.trim() !== '')
      problems.push({ line, message: `${JSON.stringify(letter)} stands behind a closing quote; write "" for a quote` });
  }
  if (state === 'quoted')
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      `The CSV text ends inside quotes that are opened in line ${cell.line}.`,
    );
  endRow();
  return { rows, problems };
}

function separatorOf(text: string): string {
  const [first = ''] = text.split(/\r?\n/, 1);
  return [',', ';', '\t'].find((separator) => first.includes(separator)) ?? ',';
}
