import type { Proposal } from '@rackwatt/telemetry';

/** What `device import` reads; vendor, model and serial are there for people, who know a place by its asset. */
const COLUMNS = [
  'name',
  'address',
  'profile',
  'credentials-secret',
  'site',
  'room',
  'row',
  'rack',
  'unit',
  'feed',
  'vendor',
  'model',
  'serial',
] as const;

/** Proposals as CSV (RFC 4180), with empty columns for the place of each. */
export function proposalsCsv(rows: readonly { device: Proposal; secret?: string | undefined }[]): string {
  const lines = rows.map(({ device: { name, address, identity }, secret = '' }) => {
    const { profile = 'auto', vendor = '', model = '', serial = '' } = identity;
    const cells: Partial<Record<(typeof COLUMNS)[number], string>> = {
      name,
      address,
      profile,
      'credentials-secret': secret,
      vendor: shown(vendor),
      model: shown(model),
      serial: shown(serial),
    };
    return COLUMNS.map((column) => quoted(cells[column] ?? '')).join(',');
  });
  return [COLUMNS.join(','), ...lines].map((line) => `${line}\r\n`).join('');
}

const quoted = (cell: string): string => (/[",\r\n;]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** Spreadsheets run what begins like a formula, and what a device says of itself may be anything. */
const shown = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
