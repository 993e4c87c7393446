/**
 * The face between a launcher and the runtime that it starts, so that each may be older or newer than the other. The launcher starts
 * `bin/node bin/rackwatt.cjs WORDS...` in the folder of the runtime, in its own process, and says the rest in one variable.
 */
export const FACE = 1;
/** What a launcher tells the runtime that it starts, as JSON. */
export const VARIABLE = 'RACKWATT_LAUNCHER';
/** How a node ends that wants to be started again. EX_TEMPFAIL of sysexits.h. */
export const RESTART = 75;

/** What every runtime has, whatever else. */
export const RUNTIME_FILES = [
  { path: 'package.json', mode: '0644' },
  { path: 'bin/node', mode: '0755' },
  { path: 'bin/rackwatt.cjs', mode: '0755' },
] as const;

export interface Launcher {
  /** Faces that it can start. */
  faces: number[];
  /** Process that the launcher ran in: the variable means nothing to a child. */
  pid: number;
  /** Starts the launcher again, the words of the command line apart. */
  command: string[];
  /** The runtime that it came with. */
  factory: { folder: string; version: string; node: string };
}

/** The launcher that started this process; undefined when none did. */
export function launcher(): Launcher | undefined {
  try {
    const given = JSON.parse(process.env[VARIABLE] ?? 'null') as Launcher | null;
    return given?.pid === process.pid ? given : undefined;
  } catch {
    // Not ours.
    return undefined;
  }
}

/** What the package.json of a packed runtime says beside what npm knows. */
export interface RuntimePackage {
  version: string;
  os: string[];
  cpu: string[];
  rackwatt: { face: number; node: string };
}

/** Why a runtime is not for this machine or launcher, as the end of a sentence. @param text of its package.json */
export function refusalHere(text: string): string | undefined {
  const { os = [], cpu = [], rackwatt } = JSON.parse(text) as Partial<RuntimePackage>;
  if (!os.includes(process.platform) || !cpu.includes(process.arch))
    return `is for ${os.join(', ')} on ${cpu.join(', ')}, and this is ${process.platform} on ${process.arch}`;
  const faces = launcher()?.faces ?? [FACE];
  if (rackwatt === undefined || !faces.includes(rackwatt.face))
    return `wants a launcher of face ${rackwatt?.face ?? 'unknown'}, and this one has ${faces.join(', ')}; install rackwatt anew with npm`;
  return undefined;
}
