import { useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { editConfiguration, readConfiguration, sentence } from '../api.js';
import { refresh } from '../fleet.js';
import { go } from '../router.js';
import { Notice } from './basics.js';

/** Two steps: the second says what it does. */
export function RemoveDevice({ pid, name }: { pid: string; name: string }) {
  const [asked, setAsked] = useState(false);
  const [failed, setFailed] = useState<string>();
  const remove = async () => {
    try {
      const { revision } = await readConfiguration();
      const outcome = await editConfiguration([{ path: ['configurations', pid] }], revision);
      if (!outcome.applied) return setFailed(outcome.problems.map((problem) => problem.message).join(' '));
      announce(`${name} removed`);
      await refresh();
      go([]);
    } catch (error) {
      setFailed(sentence(error));
    }
  };
  if (!asked) {
    return (
      <button type="button" onClick={() => setAsked(true)} data-testid="remove-device">
        Remove
      </button>
    );
  }
  return (
    <span class="row confirm" role="group" aria-label={`Remove ${name}`}>
      <span>Stop reading {name}? Its readings are kept.</span>
      <button type="button" class="danger" onClick={() => void remove()} data-testid="confirm-remove">
        Remove {name}
      </button>
      <button type="button" class="quiet" onClick={() => setAsked(false)}>
        Cancel
      </button>
      {failed && <Notice tone="bad">{failed}</Notice>}
    </span>
  );
}
