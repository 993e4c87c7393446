/** The wire between containers, which no bundle can import: loaded from the build by its place, typed by its source. */
const load = async <T>(path: string): Promise<T> =>
  (await import(new URL(`../../../src/dist/isolation/${path}`, import.meta.url).href)) as T;

export const { messagePort, mustCross, Peer, processPort, whyLocal } =
  await load<typeof import('../../src/isolation/index.js')>('index.js');
export const { merged } = await load<typeof import('../../src/isolation/stubs.js')>('stubs.js');
export const { SharedServices } = await load<typeof import('../../src/isolation/services.js')>('services.js');
export const { FRAME, LOAN } = await load<typeof import('../../src/isolation/messages.js')>('messages.js');
export type Peer = InstanceType<typeof Peer>;
export type { PeerCounts, PeerOptions, Port } from '../../src/isolation/index.js';
