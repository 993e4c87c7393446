export interface GateLimits {
  /** Requests in flight to one agent. */
  inFlight: number;
  /** Requests to one agent within a second. */
  perSecond: number;
}

/**
 * Lets the requests of all who ask one agent through, first come first served: units behind one agent, a probe beside the
 * polling. Weak agents lose what they are asked while they answer. Times are readings of `performance.now()`.
 */
export class AgentGate {
  readonly #limits: GateLimits;
  readonly #waiting: ((open: boolean) => void)[] = [];
  #inFlight = 0;
  /** Requests that may be sent at once, as of `#counted`. */
  #allowance: number;
  #counted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: GateLimits) {
    this.#limits = limits;
    this.#allowance = limits.perSecond;
  }

  /** Waits for its turn; whoever got it calls `leave`. @returns false when the turn did not come until the deadline */
  enter(deadline: number): Promise<boolean> | true {
    if (this.#waiting.length === 0 && this.#admit()) return true;
    return new Promise((resolve) => {
      const settle = (open: boolean): void => {
        clearTimeout(timer);
        resolve(open);
      };
      const timer = setTimeout(
        () => {
          this.#waiting.splice(this.#waiting.indexOf(settle), 1);
          resolve(false);
        },
        Math.max(0, deadline - performance.now()),
      );
      this.#waiting.push(settle);
      this.#advance();
    });
  }

  leave(): void {
    this.#inFlight--;
    this.#advance();
  }

  #advance(): void {
    while (this.#waiting.length > 0 && this.#admit()) this.#waiting.shift()!(true);
    if (this.#waiting.length === 0 || this.#timer !== undefined || this.#inFlight >= this.#limits.inFlight) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#advance();
      },
      Math.ceil(((1 - this.#allowance) * 1000) / this.#limits.perSecond),
    );
  }

  #admit(): boolean {
    const { inFlight, perSecond } = this.#limits;
    if (this.#inFlight >= inFlight) return false;
    const now = performance.now();
    this.#allowance = Math.min(perSecond, this.#allowance + ((now - this.#counted) * perSecond) / 1000);
    this.#counted = now;
    if (this.#allowance < 1) return false;
    this.#allowance--;
    this.#inFlight++;
    return true;
  }
}

/** The gates of the agents that are asked, each as long as someone holds it. */
export class AgentGates {
  readonly #limits: GateLimits;
  readonly #gates = new Map<string, { gate: AgentGate; holders: number }>();

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** The gate of the agent at `address`, a host and a port. */
  hold(address: string): AgentGate {
    let held = this.#gates.get(address);
    if (!held) this.#gates.set(address, (held = { gate: new AgentGate(this.#limits), holders: 0 }));
    held.holders++;
    return held.gate;
  }

  release(address: string): void {
    const held = this.#gates.get(address);
    if (held && --held.holders === 0) this.#gates.delete(address);
  }
}
