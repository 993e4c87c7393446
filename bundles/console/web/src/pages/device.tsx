import { useEffect, useMemo, useState } from 'preact/hooks';
import { get, sentence } from '../api.js';
import { heard } from '../clock.js';
import { timeText, zone } from '../format.js';
import { LiveValues } from '../live.js';
import type { DeviceDetail } from '../node.js';
import { Badge, Notice } from '../parts/basics.js';
import { Chart } from '../parts/chart.js';
import { nameOf } from '../parts/device-table.js';
import { IdentityQuestion } from '../parts/identity-question.js';
import { PartsTable } from '../parts/parts-table.js';
import { Reading } from '../parts/reading.js';
import { RemoveDevice } from '../parts/remove-device.js';
import { href, place } from '../router.js';
import { DEVICE_STATES, stateWord } from '../words.js';

const EVERY = 10_000;

export function DevicePage({ id }: { id: string }) {
  const [device, setDevice] = useState<DeviceDetail>();
  const [failed, setFailed] = useState<string>();
  const live = useMemo(() => new LiveValues({ device: id }), [id]);
  useEffect(() => () => live.close(), [live]);
  useEffect(() => {
    const read = async () => {
      try {
        const answer = await get<DeviceDetail>(`/devices/${encodeURIComponent(id)}`);
        if (answer.id !== id) {
          // It told vendor and serial meanwhile.
          location.replace(href(['devices', answer.id]));
          return;
        }
        heard(answer.time);
        live.take(answer.values);
        setDevice(answer);
        setFailed(undefined);
      } catch (error) {
        setFailed(sentence(error));
      }
    };
    void read();
    const timer = setInterval(() => document.hidden || void read(), EVERY);
    return () => clearInterval(timer);
  }, [id, live]);
  // Read, so that points which come later are listed.
  void live.version.value;
  if (!device) return failed ? <Notice tone="bad">{failed}</Notice> : <p class="loading">Reading the device …</p>;
  const { word, tone } = stateWord(DEVICE_STATES, device.status.state);
  const point = live.point(Number(place.value.query.get('point') ?? Number.NaN));
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={href([])}>Power</a> <span aria-hidden="true">/</span> {device.location.rack ?? 'No rack'}
      </nav>
      <div class="row">
        <h1 data-testid="device-name">{nameOf(device)}</h1>
        <Badge tone={tone} testid="device-state">
          {word}
        </Badge>
        {device.pid && (
          <span class="end row">
            <a class="button" href={href(['settings', device.device])} data-testid="edit-device">
              Edit
            </a>
            <RemoveDevice pid={device.pid} name={nameOf(device)} />
          </span>
        )}
      </div>
      <p class="status" data-testid="device-status">
        {statusSentence(device)}
      </p>
      {failed && <Notice tone="bad">{failed}</Notice>}
      {device.pid && device.status.state !== 'disabled' && <IdentityQuestion name={device.device} />}
      <Identity device={device} />
      {point && <Chart key={point.peek().point} value={point} device={device} live={live} />}
      <PartsTable
        title="Inlets and phases"
        name="inlets"
        levels={['unit', 'inlet', 'phase']}
        device={device}
        live={live}
      />
      <PartsTable title="Branches" name="branches" levels={['branch']} device={device} live={live} />
      <PartsTable title="Outlets" name="outlets" levels={['outlet', 'pole']} device={device} live={live} searchable />
      <PartsTable title="Sensors" name="sensors" levels={['sensor']} device={device} live={live} />
      {device.pid && device.status.state !== 'disabled' && <Reading name={device.device} />}
    </>
  );
}

function statusSentence({ status, interval, lastSample }: DeviceDetail): string {
  if (status.detail) return status.detail;
  if (status.state === 'ok') return `Answers, read every ${interval / 1000} s.`;
  const last = lastSample === null ? 'It was never read.' : `Last read ${timeText(lastSample)} (${zone}).`;
  return `${stateWord(DEVICE_STATES, status.state).word} since ${timeText(status.since)}. ${last}`;
}

function Identity({ device: { identity, location, gateway, id } }: { device: DeviceDetail }) {
  const facts: [string, string | undefined][] = [
    ['Vendor', identity.vendor],
    ['Model', identity.model],
    ['Serial', identity.serial],
    ['Firmware', identity.firmware],
    ['Own name', identity.name],
    ['Profile', identity.profile],
    [
      'Place',
      [location.site, location.room, location.row, location.rack, location.unit && `U${location.unit}`]
        .filter(Boolean)
        .join(' / '),
    ],
    ['Feed', location.feed],
    ['Gateway', gateway],
    ['Id', id],
  ];
  return (
    <dl class="facts-list" data-testid="identity">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
