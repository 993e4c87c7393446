import { quoted, RackwattError } from 'rackwatt';

const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** @throws `DOORBELL_URL` */
export function checkDoorbell(address: string): void {
  const { protocol, hostname } = URL.parse(address) ?? {};
  if (hostname && (protocol === 'mqtts:' || protocol === 'wss:')) return;
  if (hostname && protocol === 'mqtt:' && LOOPBACK.test(hostname)) return;
  throw new RackwattError(
    'DOORBELL_URL',
    `${quoted(address)} is no broker of a center; use mqtts:// or wss://, since the broker knows gateways by their certificates.`,
  );
}
