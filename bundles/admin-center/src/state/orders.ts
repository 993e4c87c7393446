import type { DesiredState } from '@rackwatt/fleet';
import { centerError } from '../errors.js';
import type { Audit, Deed } from './audit.js';
import type { Database } from './database.js';

/** What a gateway shall run. */
export type Content = Pick<DesiredState, 'bundles' | 'configurations'>;

export interface Order {
  gateway: string;
  sequence: number;
  /** ms since 1970. */
  time: number;
  actor: string;
  reason: string;
  content: Content;
  /** What the gateway said it ran when this was set. */
  before: Before;
}

/** Versions of bundles by name, and PIDs that were configured. */
export interface Before {
  /** Whether it said anything. */
  isTold: boolean;
  bundles: Record<string, string>;
  configurations: string[];
}

/** Of an order, without what it says. */
export type OrderHead = Pick<Order, 'gateway' | 'sequence' | 'time' | 'actor' | 'reason'>;

export type NewOrder = Pick<Order, 'gateway' | 'reason' | 'content' | 'before'> & {
  /** Sequence of the one that it follows; 0: the first. */
  follows: number;
};

type Row = Omit<Order, 'content' | 'before'> & { content: string; before: string };

/** Orders of one gateway that are kept. */
const KEPT = 100;

/** What each gateway shall run, and what it was to run before. */
export class Orders {
  readonly #database: Database;
  readonly #audit: Audit;

  constructor(database: Database, audit: Audit) {
    this.#database = database;
    this.#audit = audit;
  }

  current(gateway: string): Order | undefined {
    return this.past(gateway, 1)[0];
  }

  /** The present one of every gateway that has one. */
  heads(): OrderHead[] {
    return this.#database.all(
      'SELECT gateway, max(sequence) sequence, time, actor, reason FROM desired GROUP BY gateway',
    );
  }

  /** Newest first. */
  past(gateway: string, limit: number): Order[] {
    return this.#database
      .all<Row>('SELECT * FROM desired WHERE gateway = ? ORDER BY sequence DESC LIMIT ?', gateway, limit)
      .map(orderOf);
  }

  /**
   * Gives a gateway a new order. Its sequence is above every one that was given or that the gateway knows, and not below the seconds
   * since 1970, so that a center that was restored from a copy gives no number a second time.
   * @throws `FLEET_DESIRED_CHANGED`, `FLEET_GATEWAY_UNKNOWN`, `FLEET_GATEWAY_REVOKED`
   */
  set({ gateway, reason, content, before, follows }: NewOrder, deed: Deed): Order {
    return this.#database.transaction(() => {
      const row = this.#database.one<{ state: string; sequence: number; reached: number }>(
        'SELECT state, sequence, reached FROM gateway WHERE id = ?',
        gateway,
      );
      if (!row) throw centerError('FLEET_GATEWAY_UNKNOWN', `there is no gateway "${gateway}"`);
      if (row.state !== 'active')
        throw centerError('FLEET_GATEWAY_REVOKED', `the gateway ${gateway} was revoked; it takes no orders`);
      if ((this.current(gateway)?.sequence ?? 0) !== follows)
        throw centerError(
          'FLEET_DESIRED_CHANGED',
          `somebody else set what ${gateway} shall run meanwhile; look at it and try again`,
        );
      const sequence = Math.max(row.sequence + 1, row.reached + 1, Math.floor(deed.now / 1000));
      this.#database.run('UPDATE gateway SET sequence = ? WHERE id = ?', sequence, gateway);
      this.#database.run(
        'INSERT INTO desired VALUES (?, ?, ?, ?, ?, ?, ?)',
        gateway,
        sequence,
        deed.now,
        deed.actor,
        reason,
        JSON.stringify(content),
        JSON.stringify(before),
      );
      this.#database.run(
        'DELETE FROM desired WHERE gateway = ? AND sequence NOT IN (SELECT sequence FROM desired WHERE gateway = ? ORDER BY sequence DESC LIMIT ?)',
        gateway,
        gateway,
        KEPT,
      );
      this.#audit.append(deed, 'desired.set', gateway, `sequence ${sequence}: ${reason}`);
      return this.current(gateway)!;
    });
  }
}

function orderOf({ content, before, ...row }: Row): Order {
  return { ...row, content: JSON.parse(content) as Content, before: JSON.parse(before) as Before };
}
