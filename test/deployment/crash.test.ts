import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mutant } from './crash/disk.js';
import { CHANGES, play, playFull, RELEASES, type Schedule, Violation } from './crash/schedule.js';

/** A few of the 20,000 that are run with this set to 20000. */
const SCHEDULES = Number(process.env['CRASH_SCHEDULES'] ?? 1_000);
const FIRST_SEED = Number(process.env['CRASH_SEED'] ?? 1);

const scheduleOf = (seed: number): Schedule => ({
  seed,
  change: CHANGES[seed % CHANGES.length]!,
  release: RELEASES[Math.floor(seed / CHANGES.length) % RELEASES.length]!,
  crashes: Math.floor(seed / (CHANGES.length * RELEASES.length)) % 5,
  edits: seed % 11 === 0 && CHANGES[seed % CHANGES.length] !== 'saved by hand',
});

async function violations(
  schedules: number,
  mutant?: Mutant,
): Promise<{ found: string[]; verdicts: Map<string, number> }> {
  const found: string[] = [];
  const verdicts = new Map<string, number>();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + schedules; seed++) {
    const schedule = { ...scheduleOf(seed), ...(mutant === undefined ? {} : { mutant }) };
    try {
      const verdict = await play(schedule);
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof Violation) && mutant === undefined) throw error;
      found.push(`${JSON.stringify(schedule)}: ${(error as Error).message}`);
    }
  }
  return { found, verdicts };
}

test(`${SCHEDULES} schedules of power cuts: what runs is complete, one verdict, and it is what runs`, {
  timeout: 1_800_000,
}, async (t) => {
  const { found, verdicts } = await violations(SCHEDULES);
  t.diagnostic([...verdicts].map(([verdict, count]) => `${verdict} ${count}`).join(', '));
  assert.deepEqual(found.slice(0, 5), [], `${found.length} of ${SCHEDULES}`);
  assert.ok(verdicts.get('COMMITTED')! > 0 && verdicts.get('ROLLED_BACK')! > 0);
});

const MUTANTS: Mutant[] = ['no sync of files', 'no sync of folders', 'no sync of the journal', 'switched in place'];
for (const mutant of MUTANTS) {
  test(`the model sees a transaction with ${mutant}`, { timeout: 1_800_000 }, async (t) => {
    const { found } = await violations(SCHEDULES, mutant);
    t.diagnostic(`${found.length} of ${SCHEDULES}, such as ${found[0]}`);
    assert.ok(found.length > 0);
  });
}

for (const change of CHANGES) {
  test(`a disk that is full at any step: ${change}`, async () => {
    let call = 0;
    for (let wasFull = true; wasFull; ) {
      const outcome = await playFull(change, ++call);
      ({ wasFull } = outcome);
      if (outcome.sentence !== undefined) assert.match(outcome.sentence, /full|room|ENOSPC/, `call ${call}`);
    }
    assert.ok(call > 20, `${call} calls`);
  });
}
