import type { FoundView } from '../node.js';
import { FOUND_STATES, stateWord } from '../words.js';
import { Badge } from './basics.js';
import { useGrowing } from './growing.js';

export interface Choice {
  chosen: boolean;
  name: string;
}

interface Props {
  devices: readonly FoundView[];
  choiceOf: (device: FoundView) => Choice;
  choose: (device: FoundView, choice: Partial<Choice>) => void;
}

/** What was found: who it is, and what could become of it. */
export function FoundTable({ devices, choiceOf, choose }: Props) {
  const shown = useGrowing(devices.length);
  return (
    <div class="table-wrap">
      <table class="devices" data-testid="found">
        <thead>
          <tr>
            <th scope="col">Address</th>
            <th scope="col">Device</th>
            <th scope="col">State</th>
            <th scope="col">Credentials</th>
            <th scope="col">Name</th>
          </tr>
        </thead>
        <tbody>
          {devices.slice(0, shown).map((device) => (
            <tr
              key={device.address}
              data-testid="found-row"
              data-address={device.address}
              data-standing={device.standing}
            >
              <th scope="row">{device.address}</th>
              <td data-label="Device">
                <Told device={device} />
              </td>
              <td data-label="State">
                <Badge tone={stateWord(FOUND_STATES, device.state).tone} testid="found-state">
                  {stateWord(FOUND_STATES, device.state).word}
                </Badge>
                {device.detail && <span class="sub">{device.detail}</span>}
              </td>
              <td data-label="Credentials">{device.credentialsSecret ?? <span class="muted">–</span>}</td>
              <td data-label="Name">
                <Becomes device={device} choice={choiceOf(device)} choose={choose} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Told({ device: { identity, sysObjectId, sysDescr } }: { device: FoundView }) {
  const { vendor, model, serial, profile } = identity;
  const title = [vendor, model].filter(Boolean).join(' ');
  if (title === '') {
    return (
      <>
        {sysDescr ?? <span class="muted">–</span>}
        {sysObjectId && <span class="sub path">{sysObjectId}</span>}
      </>
    );
  }
  return (
    <>
      {title}
      <span class="sub">{[serial, profile].filter(Boolean).join(' · ')}</span>
    </>
  );
}

function Becomes({ device, choice, choose }: { device: FoundView; choice: Choice; choose: Props['choose'] }) {
  switch (device.standing) {
    case 'new':
      return (
        <span class="choice">
          <input
            type="checkbox"
            aria-label={`Add ${device.address}`}
            checked={choice.chosen}
            data-testid="found-choose"
            onClick={() => choose(device, { chosen: !choice.chosen })}
          />
          <input
            aria-label={`Name of ${device.address}`}
            value={choice.name}
            spellcheck={false}
            data-testid="found-name"
            onInput={(event) => choose(device, { name: event.currentTarget.value })}
          />
        </span>
      );
    case 'moved':
      return (
        <>
          <label class="choice">
            <input
              type="checkbox"
              checked={choice.chosen}
              data-testid="found-choose"
              onClick={() => choose(device, { chosen: !choice.chosen })}
            />
            <span>Read {device.name} here</span>
          </label>
          <span class="sub">configured at {device.at}: moved, or a second address of it</span>
        </>
      );
    case 'configured':
      return (
        <>
          {device.name} <span class="sub">is configured</span>
        </>
      );
    case 'again':
      return <span class="muted">the same as at {device.at}</span>;
    default:
      return <span class="muted">–</span>;
  }
}
