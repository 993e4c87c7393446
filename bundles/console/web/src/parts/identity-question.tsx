import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { call, get, sentence } from '../api.js';
import { refresh } from '../fleet.js';
import type { IdentityList } from '../node.js';
import { Notice } from './basics.js';

const EVERY = 10_000;

/** Asks what it means that another unit answers than before; nothing while none does. */
export function IdentityQuestion({ name }: { name: string }) {
  const [known, setKnown] = useState<IdentityList['identities'][number]>();
  const [failed, setFailed] = useState<string>();
  useEffect(() => {
    const read = async () => {
      const { identities } = await get<IdentityList>(`/identities?${new URLSearchParams({ device: name })}`);
      setKnown(identities[0]);
    };
    const look = () => void read().catch((error: unknown) => setFailed(sentence(error)));
    look();
    const timer = setInterval(() => document.hidden || look(), EVERY);
    return () => clearInterval(timer);
  }, [name]);
  if (!known?.question) return null;
  const { question, identity } = known;
  const answer = async (meaning: 'replaced' | 'same') => {
    try {
      await call('POST', `/identities/${encodeURIComponent(name)}`, { answer: meaning });
      const { question: _, ...settled } = known;
      setKnown(settled);
      announce(`${name}: ${meaning}`);
      await refresh();
    } catch (error) {
      setFailed(sentence(error));
    }
  };
  const serial = question.now.serial ?? 'without a serial';
  return (
    <Notice tone="warn" testid="identity-question">
      <b>Another unit answers.</b> {question.text} Until then its values are suspect.
      <div class="row actions">
        <button type="button" data-testid="identity-replaced" onClick={() => void answer('replaced')}>
          Replaced by {serial}
        </button>
        {question.cameFrom === undefined && (
          <button type="button" data-testid="identity-same" onClick={() => void answer('same')}>
            Still {identity?.serial ?? 'the same'}
          </button>
        )}
      </div>
      {failed && <p class="wrong-text">✖ {failed}</p>}
    </Notice>
  );
}
