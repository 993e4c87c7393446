import type { GatewayView } from '../center.js';
import { PHASES, stateWord } from '../words.js';
import { Badge } from './basics.js';

const UNDER_WAY: ReadonlySet<string> = new Set(['sent', 'waiting', 'downloading', 'installing', 'probation']);

/** How far a gateway is with what it shall run. */
export function Progress({ desired }: { desired: GatewayView['desired'] }) {
  const { progress, detail, downloaded } = desired;
  const { word, tone } = stateWord(PHASES, progress);
  return (
    <div data-testid="progress" data-phase={progress}>
      <Badge tone={tone}>{word}</Badge>
      {progress === 'downloading' && downloaded !== null && (
        <progress class="download" max={1} value={downloaded} aria-label="Downloaded">
          {Math.round(downloaded * 100)} %
        </progress>
      )}
      {UNDER_WAY.has(progress) && progress !== 'downloading' && <progress class="download" aria-label={word} />}
      {detail && <span class="sub">{detail}</span>}
    </div>
  );
}
