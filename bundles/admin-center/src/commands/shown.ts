import { shownFingerprint } from '@rackwatt/fleet';
import type { CommandInput } from 'rackwatt';
import type { ArtifactRow } from '../state/artifact-records.js';
import type { AuditCheck, AuditRecord } from '../state/audit.js';
import type { Plan } from '../ordering.js';
import type { Center } from '../center.js';
import type { EnrolmentView, GatewayView } from '../views.js';
import { describe } from './wait.js';
import { ago, json, oneLine, optionOf, table } from './words.js';

type Detail = Awaited<ReturnType<Center['gateway']>>;

export async function authority(input: CommandInput): Promise<void> {
  const told = (await input.call('fleet.authority')) as ReturnType<Center['authority']>;
  if (json(input, told)) return;
  input.stdout.write(`tenant       ${told.tenant}\nroot         ${told.fingerprint}\n`);
  input.stdout.write(`operations   ${told.operationsKeys.join(' ')}\n\n${told.root}`);
}

export async function list(input: CommandInput): Promise<void> {
  const found = (await input.call('fleet.list')) as { gateways: GatewayView[]; enrolments: EnrolmentView[] };
  if (json(input, found)) return;
  const { gateways, enrolments } = found;
  if (enrolments.length > 0) {
    const rows = enrolments.map((each) => [
      each.id.slice(0, 8),
      each.serial,
      each.model,
      each.shown,
      each.address,
      ago(each.created),
      each.sameSerial.length === 0 ? '' : `serial of ${each.sameSerial.join(', ')}`,
    ]);
    const head = ['ENROLMENT', 'SERIAL', 'MODEL', 'KEY', 'ADDRESS', 'ASKED', ''];
    input.stdout.write(`Waiting for approval (rackwatt fleet approve ENROLMENT CODE):\n${table([head, ...rows])}\n`);
  }
  if (gateways.length === 0) return input.stdout.write('No gateway is enrolled.\n');
  const rows = gateways.map((each) => [
    each.id,
    each.name ?? '',
    each.serial,
    each.state === 'revoked' ? 'revoked' : each.isOnline ? 'online' : 'away',
    ago(each.seen),
    each.health ?? '',
    each.isAhead ? 'ahead of this center' : describe({ ...each, isOnline: true }),
  ]);
  input.stdout.write(table([['GATEWAY', 'NAME', 'SERIAL', 'STATE', 'SEEN', 'HEALTH', 'DESIRED'], ...rows]));
}

export async function show(input: CommandInput): Promise<void> {
  const gateway = (await input.call('fleet.show', { gateway: input.arguments[0] })) as Detail;
  if (json(input, gateway)) return;
  const { report, wanted, outcomes } = gateway;
  const facts: [string, string][] = [
    ['gateway', gateway.name === null ? gateway.id : `${gateway.name} (${gateway.id})`],
    ['serial', `${gateway.serial}, ${gateway.model}`],
    ['key', shownFingerprint(gateway.fingerprint)],
    ['state', `${gateway.state}, ${gateway.isOnline ? 'online' : 'away'}, seen ${ago(gateway.seen)}`],
    ['certificate', `until ${new Date(gateway.expires).toISOString()}`],
    ['granted', gateway.capabilities.join(', ') || 'nothing, as far as is known'],
    ['desired', `${gateway.desired.sequence ?? 'none'}  ${describe(gateway)}`],
  ];
  if (report?.refused) facts.push(['refused', `${report.refused.code}: ${report.refused.detail}`]);
  input.stdout.write(facts.map(([name, value]) => `${name.padEnd(13)}${oneLine(value)}\n`).join(''));
  const names = new Set([...Object.keys(wanted.bundles), ...(report?.actual?.bundles.map(({ name }) => name) ?? [])]);
  const rows = [...names].sort().map((name) => {
    const runs = report?.actual?.bundles.find((bundle) => bundle.name === name);
    const shall = Object.hasOwn(wanted.bundles, name) ? (wanted.bundles[name]?.version ?? 'none') : '';
    return [name, shall, runs?.version ?? '', runs?.state ?? '', runs?.reason ?? ''];
  });
  if (rows.length > 0) input.stdout.write(`\n${table([['BUNDLE', 'SHALL', 'RUNS', 'STATE', ''], ...rows])}`);
  for (const [name, text] of Object.entries(report?.actual?.troubles ?? {}))
    input.stdout.write(`${oneLine(`${name}: ${text}`)}\n`);
  const steps = outcomes
    .slice(0, 10)
    .map(({ time, sequence, phase, detail }) => [new Date(time).toISOString(), String(sequence), phase, detail ?? '']);
  if (steps.length > 0) input.stdout.write(`\n${table([['TIME', 'ORDER', 'PHASE', ''], ...steps])}`);
}

export async function listArtifacts(input: CommandInput): Promise<void> {
  const artifacts = (await input.call('fleet.artifacts')) as ArtifactRow[];
  if (json(input, artifacts)) return;
  const rows = artifacts.map((each) => [
    each.name,
    each.version,
    each.sha256.slice(0, 16),
    String(each.size),
    each.signatures === 0 ? 'unsigned' : String(each.signatures),
    ago(each.added),
  ]);
  input.stdout.write(table([['BUNDLE', 'VERSION', 'SHA256', 'BYTES', 'SIGNED', 'ADDED'], ...rows]));
}

/** @returns 1 when the chain is broken */
export async function audit(input: CommandInput): Promise<number> {
  const limit = Number(optionOf(input, 'limit') ?? 50);
  const found = (await input.call('fleet.audit', { limit })) as { records: AuditRecord[]; check: AuditCheck };
  const { records, check } = found;
  const status = check.broken === undefined ? 0 : 1;
  if (json(input, found)) return status;
  const rows = records
    .toReversed()
    .map((each) => [
      String(each.n),
      new Date(each.time).toISOString(),
      each.actor,
      each.action,
      each.object,
      each.result,
    ]);
  input.stdout.write(table([['N', 'TIME', 'ACTOR', 'ACTION', 'OBJECT', 'RESULT'], ...rows]));
  if (status === 0) input.stdout.write(`\n${check.records} records, each follows from the one before: ${check.head}\n`);
  else
    input.stderr.write(
      `record ${check.broken} was changed, taken out or put in: it does not follow from the one before\n`,
    );
  return status;
}

/** What an order changes, line by line. */
export function showPlan(input: CommandInput, name: string, { differences, warnings, sequence }: Plan): void {
  const isTrial = input.options['dryRun'] === true;
  input.stdout.write(isTrial ? `${name} would change:\n` : `${name} has the order ${sequence}:\n`);
  for (const { action, kind, name: what, from, to } of differences)
    input.stdout.write(
      `  ${action.padEnd(9)} ${kind === 'bundle' ? '' : 'configuration '}${what}${oneLine(versions(from, to))}\n`,
    );
  for (const warning of warnings) input.stderr.write(`${name}: ${warning}\n`);
}

function versions(from: string | undefined, to: string | undefined): string {
  if (from === to) return from === undefined ? '' : ` ${from}`;
  return ` ${[from, to].filter((each) => each !== undefined).join(' -> ')}`;
}
