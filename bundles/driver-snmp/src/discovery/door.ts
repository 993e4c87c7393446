import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { errorMessage } from 'rackwatt';
import { resolved } from '../host.js';
import { type Answer, engineMessage, getMessage, parseAnswer } from './message.js';
import type { Place } from './ranges.js';

export interface Tries {
  /** ms of one try. */
  timeout: number;
  /** Tries after the first. */
  retries: number;
}

/** An engine that told who it is, with IANA's number of its maker where its id has one. */
export interface Engine {
  enterprise: number | undefined;
}

/** Errors of a socket by which nothing is there to be asked: what the network says, and what it means. */
const OUTCOMES: Readonly<Record<string, 'closed' | 'unreachable'>> = {
  // ICMP port unreachable: the host is there, and nothing listens.
  ECONNREFUSED: 'closed',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EACCES: 'unreachable',
  EINVAL: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
};

/** One host, asked over one connected socket: only then the network tells that nothing listens there. */
export class Door {
  readonly #socket: Socket;
  readonly #tries: Tries;
  readonly #waiting = new Map<number, (answer: Answer | undefined) => void>();
  /** Set once nothing can come any more. */
  #outcome: 'closed' | 'unreachable' | undefined;
  #next = 1 + Math.floor(Math.random() * 2 ** 30);

  private constructor(socket: Socket, tries: Tries) {
    this.#socket = socket;
    this.#tries = tries;
    socket.on('message', (packet) => this.#take(parseAnswer(packet)));
    socket.on('error', (error) => this.#end(error));
  }

  static async open({ host, port }: Place, tries: Tries): Promise<Door> {
    const { address, family } = await resolved(host);
    const door = new Door(createSocket(family === 6 ? 'udp6' : 'udp4'), tries);
    try {
      const connected = once(door.#socket, 'connect');
      door.#socket.connect(port, address);
      await connected;
    } catch (error) {
      door.#end(error as Error);
    }
    return door;
  }

  /** Why nobody answers, where the network said so. */
  get outcome(): 'closed' | 'unreachable' | undefined {
    return this.#outcome;
  }

  /** Whether the agent answers to this community. */
  async takes(version: 1 | 2, community: string): Promise<boolean> {
    return (await this.#ask((id) => getMessage(version, community, id)))?.kind === 'response';
  }

  async engine(): Promise<Engine | undefined> {
    const answer = await this.#ask(engineMessage);
    return answer?.kind === 'engine' ? answer : undefined;
  }

  close(): void {
    if (this.#outcome === undefined) this.#finish('unreachable');
    this.#socket.close();
  }

  async #ask(message: (id: number) => Buffer): Promise<Answer | undefined> {
    const id = this.#next++;
    for (let left = this.#tries.retries; left >= 0 && this.#outcome === undefined; left--) {
      const answer = await this.#once(message(id), id);
      if (answer) return answer;
    }
    return undefined;
  }

  #once(message: Buffer, id: number): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      const settle = (answer: Answer | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(undefined), this.#tries.timeout);
      this.#waiting.set(id, settle);
      this.#socket.send(message, (error) => error && this.#end(error));
    });
  }

  #take(answer: Answer | undefined): void {
    if (answer) this.#waiting.get(answer.id)?.(answer);
  }

  #end(error: NodeJS.ErrnoException): void {
    void errorMessage(error);
    this.#finish(OUTCOMES[error.code ?? ''] ?? 'unreachable');
  }

  #finish(outcome: 'closed' | 'unreachable'): void {
    this.#outcome ??= outcome;
    for (const settle of this.#waiting.values()) settle(undefined);
  }
}
