import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'node:test';
import type { BundleContext, EventAdmin as Admin, EventHandler as Handler, Properties, TopicEvent } from 'rackwatt';
import { activated } from './activated.js';
import { rackwatt, TestContainer } from './container.js';

const { EventAdmin, EventHandler } = rackwatt;
type Limits = NonNullable<NonNullable<ConstructorParameters<typeof TestContainer>[1]>['framework']>['events'];

/** A bundle that publishes and one that handles. */
export async function publisherAndConsumer(t: TestContext, events?: Limits) {
  const container = new TestContainer(t, events === undefined ? {} : { framework: { events } });
  const [publisher, consumer] = [await activated(container, 'publisher'), await activated(container, 'consumer')];
  const admin = adminOf(publisher.context);
  return { container, admin, publisher: publisher.bundle, consumer: consumer.context, bundle: consumer.bundle };
}

export function adminOf(context: BundleContext): Admin {
  return context.get(context.reference(EventAdmin)!)!;
}

/** A handler that writes down what it hears. */
export function recorder(context: BundleContext, properties: Properties, handleEvent?: Handler['handleEvent']) {
  const events: TopicEvent[] = [];
  const registration = context.register(
    EventHandler,
    {
      handleEvent: (event) => {
        events.push(event);
        return handleEvent?.(event);
      },
    },
    properties,
  );
  return { events, registration, topics: () => events.splice(0).map(({ topic }) => topic) };
}

export const byText = (a: string, b: string): number => (a < b ? -1 : 1);

/** Waits until something holds. */
export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; !holds(); i++) {
    assert.ok(i < 2_000, `${String(holds)} did not come true`);
    await sleep(5);
  }
}
