import { readFile } from 'node:fs/promises';
import { type Command, type CommandInput, errorMessage } from 'rackwatt';
import { acquisitionError } from '../errors.js';
import { applyEdits, configuredDevices, refused } from './configured.js';
import { type CsvCell, parseCsv } from './csv.js';
import { knownTo } from './known.js';
import { type ImportProblem, type Listed, planOf } from './plan.js';
import { summaryOf } from './summary.js';
import { columnOf, DEVICE_WORDS, type DeviceWords, placeOf, problemsOf } from './words.js';

/** Columns that `discover --propose` writes for people; the device tells them, so nothing is read from them. */
const TOLD = ['vendor', 'model', 'serial'];
const MOST_SHOWN = 200;

export const importCommand: Command = {
  summary: `add devices from a CSV file, all or none, with the columns name, ${DEVICE_WORDS.map(columnOf).join(', ')}`,
  arguments: '<file>',
  options: {
    '--dry-run': 'say what is wrong and what would be done, and do nothing',
    '--update': 'also change devices that are there: a filled cell replaces what is configured, an empty one leaves it',
    '--json': 'print JSON',
  },
  run,
};

async function run(input: CommandInput): Promise<number> {
  const [path = ''] = input.arguments;
  const dry = input.options['dryRun'] === true;
  const asJson = input.options['json'] === true;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw acquisitionError('DEVICE_SETTINGS_INVALID', `Cannot read ${path}: ${errorMessage(cause)}.`, { cause });
  });
  const { devices, problems } = listedIn(path, text);
  const there = await configuredDevices(input);
  const known = await knownTo(
    input,
    devices.map(({ words }) => words),
  );
  const plan = planOf(devices, there, input.options['update'] === true, problems);
  for (const { name, words, line, lines } of devices) {
    const wanted = { address: placeOf(there.get(name) ?? {}), ...words };
    for (const { word, message } of problemsOf(name, wanted as DeviceWords, known))
      problems.push({ line: lines.get(word) ?? line, column: columnOf(word), message });
  }
  if (problems.length === 0 && plan.edits.length > 0) {
    if (!dry) await applyEdits(input, plan.edits);
    else {
      const { problems: refusals } = await input.configuration.validate(plan.edits);
      if (refusals.length > 0) throw refused(refusals);
    }
  }
  problems.sort((a, b) => a.line - b.line);
  const { edits: _, ...counted } = plan;
  if (asJson)
    input.stdout.write(
      `${JSON.stringify({ applied: problems.length === 0 && !dry, ...counted, problems }, null, 2)}\n`,
    );
  if (problems.length > 0) {
    if (!asJson) input.stderr.write(problemLines(path, problems));
    throw acquisitionError(
      'DEVICE_IMPORT_INVALID',
      `${path}: ${plural(problems.length, 'problem')}; nothing was changed.`,
      {
        context: { problems },
      },
    );
  }
  if (!asJson) input.stdout.write(summaryOf(plan, dry));
  return 0;
}

/** @throws `DEVICE_SETTINGS_INVALID` for what has no columns to be read by */
function listedIn(path: string, text: string): { devices: Listed[]; problems: ImportProblem[] } {
  const { rows, problems } = parseCsv(text);
  const [header = [], ...lines] = rows;
  const columns = header.map(({ text: title }) => title.trim().toLowerCase());
  const words = new Map<string, string>([
    ['name', 'name'],
    ...DEVICE_WORDS.map((word) => [columnOf(word), word] as const),
  ]);
  const unknown = columns.find((column) => !words.has(column) && !TOLD.includes(column));
  const twice = columns.find((column, i) => columns.indexOf(column) !== i);
  if (unknown !== undefined || twice !== undefined || !columns.includes('name') || !columns.includes('address'))
    throw acquisitionError(
      'DEVICE_SETTINGS_INVALID',
      `${path}: the first line names the columns: name, address and any of ${[...words.keys()].slice(2).join(', ')}${
        unknown === undefined
          ? twice === undefined
            ? ''
            : `; "${twice}" stands there twice`
          : `; "${unknown}" is none`
      }.`,
    );
  const devices = lines.map((cells) => {
    const line = cells[0]!.line;
    if (cells.length > columns.length)
      problems.push({ line, message: `there are ${cells.length} cells for ${columns.length} columns` });
    return listed(cells, columns, words);
  });
  return { devices, problems };
}

function listed(cells: readonly CsvCell[], columns: readonly string[], words: ReadonlyMap<string, string>): Listed {
  const found: Record<string, string> = {};
  const lines = new Map<string, number>();
  for (const [i, column] of columns.entries()) {
    const word = words.get(column);
    const cell = cells[i];
    if (word === undefined || cell === undefined) continue;
    lines.set(word, cell.line);
    if (cell.text.trim() !== '') found[word] = cell.text.trim();
  }
  const { name = '', ...others } = found;
  return { name, words: others, line: cells[0]!.line, lines };
}

function problemLines(path: string, problems: readonly ImportProblem[]): string {
  const lines = problems
    .slice(0, MOST_SHOWN)
    .map(({ line, column, message }) => `${path}:${line}: ${column === undefined ? '' : `${column}: `}${message}\n`);
  const more = problems.length > MOST_SHOWN ? [`... and ${problems.length - MOST_SHOWN} more\n`] : [];
  return [...lines, ...more].join('');
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
