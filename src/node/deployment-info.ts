import type { DeploymentInfo, TransactionRecord, TransactionState } from '../deployment/index.js';

const STATES: Readonly<Record<TransactionState, DeploymentInfo['state']>> = {
  ACCEPTED: 'accepted',
  STAGED: 'accepted',
  ARMED: 'probation',
  TRY: 'probation',
  PAUSED: 'probation',
  ROLLBACK: 'probation',
  COMMITTED: 'committed',
  ROLLED_BACK: 'rolled-back',
  REFUSED: 'refused',
  SUPERSEDED: 'superseded',
};

/**
 * A transaction as bundles see it.
 * @param all of the journal
 * @param watched id of the last one that came on probation in this process
 */
export function deploymentInfo(
  record: TransactionRecord,
  all: readonly TransactionRecord[],
  watched: string | undefined,
): DeploymentInfo {
  const { id, reason } = record;
  const { state, why, armed, id: last } = outcomeOf(record, all);
  // Armed, it is still being applied until somebody watches it; one that goes on in another was.
  const isApplied = state !== 'ARMED' || last === watched || last !== id;
  return {
    id,
    reason,
    state: isApplied ? STATES[state] : 'accepted',
    ...(why === undefined ? {} : { why }),
    ...(armed?.to === undefined ? {} : { generation: armed.to }),
  };
}

/** The transaction in which one went on, or itself. */
export function outcomeOf(record: TransactionRecord, all: readonly TransactionRecord[]): TransactionRecord {
  const next = record.goesOnIn === undefined ? undefined : all.find(({ id }) => id === record.goesOnIn);
  return next === undefined ? record : outcomeOf(next, all);
}
