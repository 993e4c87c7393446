import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { errorMessage } from 'rackwatt';
import { resolved } from '../host.js';
import { communityQuestion, type Engine, engineQuestion, type Question } from './message.js';
import type { Place } from './ranges.js';

export interface Tries {
  /** ms of one try. */
  timeout: number;
  /** Tries after the first. */
  retries: number;
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
  /** What is asked now: takes a packet, or learns that none will come. */
  readonly #waiting = new Set<(packet: Buffer | undefined) => void>();
  /** Set once nothing can come any more. */
  #outcome: 'closed' | 'unreachable' | undefined;
  #next = 1 + Math.floor(Math.random() * 2 ** 30);

  private constructor(socket: Socket, tries: Tries) {
    this.#socket = socket;
    this.#tries = tries;
    socket.on('message', (packet) => this.#waiting.forEach((take) => take(packet)));
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
    return (await this.#ask(communityQuestion(version, community, this.#next++))) === true;
  }

  engine(): Promise<Engine | undefined> {
    return this.#ask(engineQuestion(this.#next++));
  }

  close(): void {
    if (this.#outcome === undefined) this.#finish('unreachable');
    this.#socket.close();
  }

  async #ask<T>(question: Question<T>): Promise<T | undefined> {
    for (let left = this.#tries.retries; left >= 0 && this.#outcome === undefined; left--) {
      const answer = await this.#once(question);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }

  #once<T>({ packet: asked, answerIn }: Question<T>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const settle = (answer: T | undefined): void => {
        clearTimeout(timer);
        this.#waiting.delete(take);
        resolve(answer);
      };
      const take = (packet: Buffer | undefined): void => {
        const answer = packet && answerIn(packet);
        if (answer !== undefined || packet === undefined) settle(answer);
      };
      const timer = setTimeout(() => settle(undefined), this.#tries.timeout);
      this.#waiting.add(take);
      this.#socket.send(asked, (error) => error && this.#end(error));
    });
  }

  #end(error: NodeJS.ErrnoException): void {
    void errorMessage(error);
    this.#finish(OUTCOMES[error.code ?? ''] ?? 'unreachable');
  }

  #finish(outcome: 'closed' | 'unreachable'): void {
    this.#outcome ??= outcome;
    for (const take of this.#waiting) take(undefined);
  }
}
