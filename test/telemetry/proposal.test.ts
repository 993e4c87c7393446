import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceIdentity, type DiscoveredDevice, proposals } from '@rackwatt/telemetry';

const found = (host: string, identity: DeviceIdentity, more: Partial<DiscoveredDevice> = {}): DiscoveredDevice => ({
  address: `snmp://${host}`,
  state: 'recognised',
  credentials: 0,
  identity: { vendor: 'APC', model: 'AP8641', ...identity },
  ...more,
});
const named = (devices: DiscoveredDevice[], configured: Parameters<typeof proposals>[1] = []) =>
  proposals(devices, configured).map(({ name, standing, at }) => [name, standing, ...(at ? [at] : [])]);

test('a device is called as it calls itself, unless its maker called it so', () => {
  assert.deepEqual(
    named([
      found('10.0.0.1', { name: 'Rack 12 / A', serial: '1' }),
      found('10.0.0.2', { name: 'APC', serial: 'Z2' }),
      found('10.0.0.3', { name: 'ap8641', serial: 'Z3' }),
      found('10.0.0.4', {}),
      found('10.0.0.5', { name: '電源', serial: 'Z5' }),
    ]),
    [
      ['rack-12-a', 'new'],
      ['ap8641-z2', 'new'],
      ['ap8641-z3', 'new'],
      ['ap8641-10.0.0.4', 'new'],
      ['ap8641-z5', 'new'],
    ],
  );
});

test('of two that want a name the later one gets another, so that what was proposed stays', () => {
  const devices = [
    found('10.0.0.1', { name: 'rack 1', serial: 'A' }),
    found('10.0.0.2', { name: 'rack 1', serial: 'B' }),
    found('10.0.0.3', { name: 'rack 1' }),
    found('10.0.0.4', { name: 'taken', serial: 'C' }),
  ];
  const taken = [{ name: 'taken', address: 'snmp://10.9.9.9' }];
  assert.deepEqual(named(devices, taken), [
    ['rack-1', 'new'],
    ['rack-1-b', 'new'],
    ['rack-1-2', 'new'],
    ['taken-c', 'new'],
  ]);
  for (let count = 1; count < devices.length; count++)
    assert.deepEqual(named(devices.slice(0, count), taken), named(devices, taken).slice(0, count));
});

test('a configured device is known by its address, and by vendor and serial wherever it answers', () => {
  const configured = [
    { name: 'a', address: 'snmp://10.0.0.1:161', identity: { vendor: 'APC', serial: 'A' } },
    { name: 'b', address: 'snmp://10.0.0.2', identity: { vendor: 'APC', serial: 'B' } },
    { name: 'c', address: 'snmp://10.0.0.3' },
  ];
  assert.deepEqual(
    named(
      [
        found('10.0.0.1', { serial: 'A' }),
        found('10.0.0.7', { serial: 'B' }),
        found('10.0.0.3', { serial: 'C' }),
        found('10.0.0.2', { serial: 'NEW' }),
        found('10.0.0.3', {}, { state: 'refused' }),
      ],
      configured,
    ),
    [
      ['a', 'configured'],
      ['b', 'moved', 'snmp://10.0.0.2'],
      ['c', 'configured'],
      ['b', 'configured'],
      ['c', 'configured'],
    ],
  );
});

test('one device at two addresses is proposed once; those without a serial are each one of their own', () => {
  assert.deepEqual(
    named([
      found('10.0.0.1', { serial: 'A' }),
      found('10.0.1.1', { serial: 'A' }),
      found('10.0.0.2', { serial: 'N/A', name: 'x1' }),
      found('10.0.0.3', { serial: 'N/A', name: 'x2' }),
      found('10.0.0.4', {}, { state: 'unknown' }),
    ]),
    [
      ['ap8641-a', 'new'],
      ['', 'again', 'snmp://10.0.0.1'],
      ['x1', 'new'],
      ['x2', 'new'],
      ['', 'other'],
    ],
  );
});

test('the address of an agent is that of the first unit behind it', () => {
  const chain = [found('10.0.0.1/1', { serial: 'A' }), found('10.0.0.1/2', { serial: 'B' })];
  assert.deepEqual(named(chain, [{ name: 'a', address: 'snmp://10.0.0.1' }]), [
    ['a', 'configured'],
    ['ap8641-b', 'new'],
  ]);
});
