import type { Logger } from '../component/types.js';
import { errorMessage, errorRecord } from '../errors.js';
import type { ServiceReference } from '../registry/types.js';
import type { EventHandler, TopicEvent } from './contract.js';
import { type Subscription, subscriptionOf } from './subscription.js';
import type { Task, Turns } from './turns.js';
import type { Pending, Watch } from './watch.js';

/** How much the dispatcher bears with. */
export interface EventLimits {
  /** ms in which a handler answers. */
  answer: number;
  /** ms for which a handler may hold the thread. */
  block: number;
  /** ms without events for one that took longer, from the end of its call. */
  pause: number;
  /** Posted events that may wait for one handler. */
  waiting: number;
}

/** What a handler needs of the dispatcher. */
export interface HandlerHost {
  readonly limits: EventLimits;
  readonly turns: Turns;
  readonly watch: Watch;
  readonly log: Logger;
  /** The object to call; undefined when its provider does not give it. */
  service(): EventHandler | undefined;
  /** Runs code of the handler's bundle, on nobody else's behalf. */
  within(run: () => void): void;
}

/** Posted events that are told to one handler before others have their turn. */
const BURST = 256;

/** One registered handler: what waits for it, what it is busy with, and whether it gets events at all. */
export class Handler implements Task {
  readonly reference: ServiceReference;
  subscription: Subscription;
  /** Why it gets no events, for it did not take the last ones as it should. */
  denied: string | undefined;
  readonly #host: HandlerHost;
  #service: EventHandler | undefined;
  #isGone = false;
  #queue: TopicEvent[] = [];
  /** Where in the queue the next event is. */
  #next = 0;
  /** It has its turn, or waits for it, or for the answer to a posted event. */
  #isBusy = false;
  #burst = 0;
  /** Calls that did not end in time, and have not ended since. */
  #stalled = 0;
  #back: NodeJS.Timeout | undefined;
  /** Events that it did not get. */
  #missed = 0;

  constructor(reference: ServiceReference, host: HandlerHost) {
    this.reference = reference;
    this.#host = host;
    this.subscription = subscriptionOf(reference);
    this.#sayProblems();
  }

  /** Its properties changed. What was posted before still reaches it. */
  renew(): void {
    this.subscription = subscriptionOf(this.reference);
    this.#sayProblems();
  }

  /** Tells an event after those that wait already. */
  post(event: TopicEvent): void {
    const { limits, turns, log } = this.#host;
    if (this.denied !== undefined) {
      this.#missed++;
      return;
    }
    if (this.#queue.length - this.#next >= limits.waiting) {
      if (this.#missed++ === 0)
        log.warn(`${this.#name}: ${limits.waiting} events wait for it; further ones are lost until it has caught up`);
      return;
    }
    this.#queue.push(event);
    if (this.#isBusy) return;
    this.#isBusy = true;
    turns.next(this);
  }

  /** Tells an event now. @param done called once: after the answer, or when there will be none */
  send(event: TopicEvent, done: () => void): void {
    if (this.denied !== undefined) this.#missed++;
    if (this.denied !== undefined || this.#isGone) return done();
    const service = this.#got();
    if (!service) return done();
    this.#call(service, event, done);
  }

  /** Its turn to take what was posted. */
  run(): void {
    this.#burst = BURST;
    this.#host.within(this.#pump);
  }

  /** Its service is going: it is called no more. */
  close(): void {
    this.#isGone = true;
    this.#drop();
    clearTimeout(this.#back);
  }

  readonly #pump = (): void => {
    const service = this.#next < this.#queue.length ? this.#got() : undefined;
    if (!service) this.#drop();
    while (service && this.#burst > 0 && this.#next < this.#queue.length) {
      this.#burst--;
      const event = this.#queue[this.#next++]!;
      if (this.subscription.ordered) return this.#call(service, event, this.#pump);
      this.#call(service, event, nothing);
    }
    if (this.#next < this.#queue.length) this.#host.turns.next(this);
    else this.#caughtUp();
  };

  #caughtUp(): void {
    this.#drop();
    this.#isBusy = false;
    if (this.#missed === 0 || this.denied !== undefined) return;
    this.#host.log.warn(`${this.#name} has caught up; ${this.#missed} events were lost`);
    this.#missed = 0;
  }

  #drop(): void {
    if (this.denied !== undefined) this.#missed += this.#queue.length - this.#next;
    if (this.#queue.length > 0) this.#queue = [];
    this.#next = 0;
  }

  #got(): EventHandler | undefined {
    return this.#isGone ? undefined : (this.#service ??= this.#host.service());
  }

  #call(service: EventHandler, event: TopicEvent, done: () => void): void {
    const { limits, watch, log } = this.#host;
    const begun = performance.now();
    let isLate = false;
    const call: Pending = {
      begun,
      late: () => {
        isLate = true;
        this.#stalled++;
        this.#deny(`it has not answered ${event.topic} for ${limits.answer / 1000} s`);
        done();
      },
    };
    const ended = (): void => {
      if (isLate) {
        this.#stalled--;
        this.#comeBack();
      } else {
        watch.end(call);
        done();
      }
    };
    const failed = (error: unknown): void => {
      const message = errorMessage(error);
      if (!this.#isGone)
        log.error({ error: errorRecord(error) }, `${this.#name} failed on event ${event.topic}: ${message}`);
      ended();
    };
    watch.begin(call);
    let answer: void | Promise<void>;
    try {
      answer = service.handleEvent(event);
    } catch (error) {
      answer = Promise.reject(error as Error);
    }
    const held = performance.now() - begun;
    if (held > limits.block) {
      this.#deny(`it held the thread for ${Math.round(held)} ms on ${event.topic}`);
      this.#comeBack();
    }
    Promise.resolve(answer).then(ended, failed);
  }

  #deny(reason: string): void {
    if (this.#isGone || this.denied !== undefined) return;
    this.denied = reason;
    this.#drop();
    this.#host.log.error(`${this.#name} gets no more events: ${reason}`);
  }

  /** After a pause, when nothing that it was told is open any more. */
  #comeBack(): void {
    if (this.#isGone || this.#stalled > 0 || this.denied === undefined) return;
    clearTimeout(this.#back);
    this.#back = setTimeout(() => {
      if (this.#isGone || this.#stalled > 0) return;
      this.denied = undefined;
      this.#host.log.info(`${this.#name} gets events again; it missed ${this.#missed}`);
      this.#missed = 0;
    }, this.#host.limits.pause).unref();
  }

  #sayProblems(): void {
    for (const problem of this.subscription.problems) this.#host.log.warn(`${this.#name}: ${problem}`);
  }

  get #name(): string {
    return `handler of events (service ${this.reference.id})`;
  }
}

function nothing(): void {
  // Nobody waits for the answer.
}
