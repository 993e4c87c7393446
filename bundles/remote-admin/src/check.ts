import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { errorMessage } from 'rackwatt';
import { Center } from './center.js';
import { TrustedClock } from './clock.js';
import { connect, reach } from './connection.js';
import { codeOf, remoteAdminError } from './errors.js';
import type { CenterAddress } from './settings.js';

/** One thing that was tried. */
export interface Tried {
  name: 'configuration' | 'name' | 'proxy' | 'connection' | 'certificate' | 'clock' | 'authority';
  /** `skipped`: something before it failed. */
  state: 'passed' | 'failed' | 'skipped';
  detail: string;
  /** What to do, when it failed. */
  advice?: string;
}

interface Trial {
  name: Tried['name'];
  /** @returns what was found, in a sentence */
  run(signal: AbortSignal): Promise<string>;
  advice: string;
}

/** ms for all of it. */
const PATIENCE = 60_000;
/** ms by which the clock of the machine may be wrong. */
const DEVIATION = 300_000;

/** Tries the way to a center, step by step. It enrols nothing and sends nothing of this gateway. */
export async function checkCenter(address: CenterAddress | undefined): Promise<Tried[]> {
  const trials = address === undefined ? [unconfigured()] : trialsOf(address);
  const signal = AbortSignal.timeout(PATIENCE);
  const tried: Tried[] = [];
  for (const { name, run, advice } of trials) {
    if (tried.some(({ state }) => state === 'failed')) {
      tried.push({ name, state: 'skipped', detail: 'not tried' });
      continue;
    }
    try {
      tried.push({ name, state: 'passed', detail: await run(signal) });
    } catch (error) {
      const code = codeOf(error);
      tried.push({
        name,
        state: 'failed',
        detail: `${code?.includes('_') ? `${code}: ` : ''}${errorMessage(error)}`,
        advice,
      });
    }
  }
  return tried;
}

function unconfigured(): Trial {
  return {
    name: 'configuration',
    run: () => Promise.reject(remoteAdminError('REMOTE_ADMIN_OFF', 'no center is configured')),
    advice: 'name it with --center https://HOST:PORT --fingerprint SHA256; the administrator of the center has both',
  };
}

function trialsOf(address: CenterAddress): Trial[] {
  const { host, port, proxy } = address;
  const clock = TrustedClock.trial();
  const center = new Center(address, { clock, credentials: () => ({}) });
  const named = proxy === undefined ? host : proxy.hostname.replace(/^\[(.*)\]$/, '$1');
  const tcp = async (signal: AbortSignal): Promise<void> => void (await reach(address, signal)).destroy();
  return [
    {
      name: 'name',
      run: async () => (isIP(named) === 0 ? `${named} is ${(await lookup(named)).address}` : `${named} is an address`),
      advice: `ask whoever runs the network why the name ${named} is not known here, or configure another`,
    },
    proxy === undefined
      ? {
          name: 'connection',
          run: async (signal) => (await tcp(signal), `${host} port ${port} can be reached`),
          advice: `have the firewall let this gateway out to ${host}, TCP port ${port}, or configure the proxy that leads there`,
        }
      : {
          name: 'proxy',
          run: async (signal) => (await tcp(signal), `the proxy ${proxy.host} leads to ${host} port ${port}`),
          advice: `have the proxy allow CONNECT to ${host}:${port}, and check its address, name and password`,
        },
    {
      name: 'certificate',
      async run(signal) {
        const { socket } = await connect({ address, now: 'unknown', signal });
        const protocol = socket.getProtocol();
        socket.destroy();
        return `the center shows the pinned root and its name (${protocol})`;
      },
      advice:
        'compare the fingerprint with the one at the center; if it is right, something on the way opens TLS connections and has to leave this one alone',
    },
    {
      name: 'clock',
      async run(signal) {
        await center.synchronize(signal);
        const seconds = Math.round(clock.deviation / 1000);
        if (Math.abs(clock.deviation) <= DEVIATION) return `right within ${Math.abs(seconds)} s`;
        // It goes on all the same: administration keeps a time of its own.
        return `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}; administration goes by the time of the center, everything else does not: set up time synchronization`;
      },
      advice: 'set the clock of this machine, and see that it is kept right (NTP); else that of the center is wrong',
    },
    {
      name: 'authority',
      async run(signal) {
        const { authority } = await center.authority(signal);
        return `it is the center of the tenant ${authority.tenant}, with ${authority.operationsKeys.length} operations key(s)`;
      },
      advice:
        'ask the administrator of the center: what answers there has the right certificate and is no administration center',
    },
  ];
}
