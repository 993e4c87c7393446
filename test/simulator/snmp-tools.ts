import { execFile } from 'node:child_process';

/** Output of one of net-snmp's commands, whatever its exit status. */
export interface ToolOutput {
  stdout: string;
  stderr: string;
  status: number;
}

export function snmpTool(command: string, args: string[]): Promise<ToolOutput> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { maxBuffer: 64 << 20, env: { ...process.env, MIBS: '', SNMPCONFPATH: '/nonexistent' } },
      (error, stdout, stderr) =>
        resolve({ stdout, stderr, status: typeof error?.code === 'number' ? error.code : error ? 1 : 0 }),
    );
  });
}

/** `127.0.0.1:16101` of `snmp://127.0.0.1:16101`. */
export const peer = (address: string): string => address.slice('snmp://'.length);

/** Rows of a walk printed with `-Onetx`: OID -> what is printed behind it, hex without blanks. */
export function walkRows(stdout: string): Map<string, string> {
  const rows = new Map<string, string>();
  let last = '';
  for (const line of stdout.split('\n')) {
    const row = /^\.([\d.]+) = (.*)$/.exec(line);
    if (row) {
      last = row[1]!;
      if (row[2]!.startsWith('No more variables')) return rows;
      rows.set(last, normal(row[2]!));
    } else if (line === 'End of MIB') return rows;
    else if (line.trim() !== '')
      rows.set(last, rows.get(last) + normal(`Hex-STRING: ${line}`).slice('Hex-STRING:'.length));
  }
  return rows;
}

function normal(printed: string): string {
  if (printed === '""') return 'Hex-STRING:';
  return printed.startsWith('Hex-STRING:') ? printed.replace(/\s/g, '') : printed;
}
