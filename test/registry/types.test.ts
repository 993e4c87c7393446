import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BundleContext, Contract, ServiceFactory, ServiceReference } from 'rackwatt';
import { activated, Meter, meter, Switch } from '../support/activated.js';
import { TestContainer } from '../support/container.js';

/** Fails to compile unless both are the same type. */
type Same<A, B> = (<X>() => X extends A ? 1 : 2) extends <X>() => X extends B ? 1 : 2 ? true : false;
const same = <A, B>(_holds: Same<A, B>): void => undefined;

/** What the compiler must refuse, each with what comes before and after it in order. Never run. */
function refused(context: BundleContext, reference: ServiceReference<Meter>): void {
  // @ts-expect-error -- not a Meter
  context.register(Meter, { reads: () => 1 });
  // @ts-expect-error -- reads text, not a number
  context.register(Meter, { read: () => 'one' });
  // @ts-expect-error -- a Meter, but no Switch
  context.register([Meter, Switch], meter());
  // @ts-expect-error -- its factory makes something else
  context.register(Meter, { scope: 'bundle', get: () => ({ on() {} }), release() {} });
  // @ts-expect-error -- a property is no object
  context.register(Meter, meter(), { place: { rack: 'R1' } });
  // @ts-expect-error -- a Meter has no such method
  void context.get(reference)?.on();
  // @ts-expect-error -- the tracked value is a number
  void context.tracker<Meter, number>(Meter, { adding: () => 'text' });
  // @ts-expect-error -- whoever keeps something else than the service says how it is made
  void context.tracker<Meter, number>(Meter);
  // @ts-expect-error -- nothing is known of a service of any contract
  void context.get(context.reference(undefined)!)?.read();
  // @ts-expect-error -- events of Meters are not events of Switches
  void context.listen((event: { reference: ServiceReference<Switch> }) => void event, { contract: Meter });
}

test('the type of a contract flows through registering, getting, listening and tracking', async (t) => {
  assert.equal(typeof refused, 'function');
  const { context } = await activated(new TestContainer(t), 'author');
  const registration = context.register(Meter, meter(3));
  same<typeof registration.reference, ServiceReference<Meter>>(true);

  const reference = context.reference(Meter)!;
  const service = context.get(reference);
  same<typeof service, Meter | undefined>(true);
  assert.equal(service?.read(), 3);
  const [first] = context.references(Meter, '(service.ranking=0)');
  same<typeof first, ServiceReference<Meter> | undefined>(true);
  const object = context.serviceObjects(reference)?.get();
  same<typeof object, Meter | undefined>(true);

  const both = context.register([Meter, Switch], { ...meter(5), on() {} }, { both: true });
  same<typeof both.reference, ServiceReference<Meter & Switch>>(true);
  const factory: ServiceFactory<Meter> = { scope: 'prototype', get: () => meter(7), release() {} };
  const made = context.register(Meter, factory);
  same<typeof made.reference, ServiceReference<Meter>>(true);
  const inPlace = context.register(Meter, {
    scope: 'bundle',
    get: (user) => meter(user.id),
    release: (_user, _registration, given) => void given.read(),
  });
  same<typeof inPlace.reference, ServiceReference<Meter>>(true);
  for (const each of [both, made, inPlace]) each.unregister();

  const readings: number[] = [];
  const stop = context.listen(
    ({ type, reference: changed }) => {
      same<typeof changed, ServiceReference<Meter>>(true);
      if (type === 'MODIFIED') readings.push(context.get(changed)!.read());
    },
    { contract: Meter },
  );
  const stopAll = context.listen(({ reference: any }) => {
    same<typeof any, ServiceReference>(true);
    if (any.isAssignableTo(Meter)) readings.push(context.get(any)!.read());
  });
  registration.setProperties({ n: 1 });
  void [stop(), stopAll()];
  assert.deepEqual(readings, [3, 3]);

  const tracker = context.tracker(Meter).open();
  same<typeof tracker.service, Meter | undefined>(true);
  const counted = context.tracker(Meter, { adding: (added) => context.get(added)!.read() }).open();
  same<typeof counted.services, number[]>(true);
  assert.deepEqual([tracker.service?.read(), counted.services], [3, [3]]);
  const filtered = context.tracker({ contract: Meter, filter: '(n=1)' });
  same<typeof filtered.service, Meter | undefined>(true);
  const typed: Contract<Meter> = Meter;
  assert.ok(reference.isAssignableTo(typed));
});
