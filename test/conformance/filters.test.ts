import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Properties, RackwattError } from 'rackwatt';
import { activated, Meter, meter } from '../support/activated.js';
import { rackwatt, TestContainer } from '../support/container.js';
import { item } from './item.js';

const { parseFilter, Version } = rackwatt;

const PROPERTIES: Properties = {
  room: 'bedroom',
  channel: [34, '101'],
  status: '(on\\)*',
  'max record time': [150, '100'],
  canrecord: 'true(x)',
  whole: 100000,
  large: 10000000000n,
  huge: 123456789012345678901234567890n,
  fraction: 2.01,
  negative: -5,
  no: false,
  version: Version.parse('1.10.0'),
  versions: [Version.parse('1.2.0'), 'none'],
  flags: [false],
  ports: [1, 2, 3],
  '*': 'foo',
  '!  ab': 'b',
  '|   ab': 'b',
  '&    ab': 'b',
  '!': 'c',
  '|': 'c',
  '&': 'c',
  empty: '',
  list: [],
};

/** Says of a filter whether it matches: the same on a map, on a service with these properties, and as the filter prints itself. */
async function matcher(t: TestContext) {
  const container = new TestContainer(t);
  const [{ context: provider }, { context: consumer }] = [
    await activated(container, 'provider'),
    await activated(container, 'consumer'),
  ];
  return (text: string, properties: Properties = PROPERTIES): boolean => {
    const filter = parseFilter(text);
    const onMap = filter.matches(properties);
    const registration = provider.register(Meter, meter(), properties);
    assert.equal(consumer.reference(Meter, text) === registration.reference, onMap, `${text} on a service`);
    assert.equal(filter.matchesReference(registration.reference), onMap, `${text} on a reference`);
    registration.unregister();
    const printed = parseFilter(filter.toString());
    assert.equal(printed.matches(properties), onMap, `${filter.toString()} after printing`);
    assert.equal(printed.toString(), filter.toString());
    assert.ok(printed.equals(filter));
    return onMap;
  };
}

const TABLES: Record<number, { yes: string[]; no: string[] }> = {
  130: {
    yes: [
      '(room=*)',
      '(room=bedroom)',
      ' ( room >=aaaa)',
      '  ( room =b*) ',
      '  ( room =*m) ',
      '(room=bed*room)',
      '  ( room =b*oo*m) ',
      '  ( room =*b*oo*m*) ',
      '(room=b**m)',
      '  (& (room =bedroom) (channel ~=34))',
      '(| (room =bed*)(channel=222)) ',
      '  (! (room =ab*b*oo*m*) ) ',
      '(\tempty\n=*)',
      '(& (| (room =d*m) (room =bed*) (room=abc)) (! (channel=999)))',
      '(&(room=bedroom))',
      '(!(!(room=bedroom)))',
      '(|(!(room=*))(&(no=false)(empty=)))',
    ],
    no: [
      '(room=abc)',
      '(room <=aaaa)',
      '  ( room =b*b*  *m*) ',
      '(room= bedroom)',
      '(room=bedroom )',
      '(room=bedroo*oom)',
      '  (&  (room =b*)  (room =*x) (channel=34))',
      '(|(room=a)(!(room=*)))',
    ],
  },
  131: {
    yes: ['(ROOM=bedroom)', '(canRecord =true\\(x\\))', '(Max Record Time <=140)'],
    no: ['(room=Bedroom)', '(room=BED*)'],
  },
  132: {
    yes: ['(status =\\(o*\\\\\\)\\*) ', '(status=\\(on\\\\\\)\\*)', '(room=\\b\\edroom)'],
    no: ['(status=\\(on\\\\\\)\\*\\*)', '(room=\\*)', '(room=bed\\*)'],
  },
  134: {
    yes: ['(*=foo)', '(!  ab=b)', '(|   ab=b)', '(&    ab=b)', '(&=c)', '(!=c)', '(|=c)'],
    no: ['(!ab=*)', '(|ab=*)', '(&ab=*)', '(!ab=x)'],
  },
  135: {
    yes: [
      '(channel=34)',
      '(channel=101)',
      '(ports=3)',
      '(ports>=3)',
      '(max record time<=140)',
      '(flags=false)',
      '(list=*)',
      '(channel=10*)',
    ],
    no: ['(ports=4)', '(flags=true)', '(list=x)', '(ports>=4)'],
  },
  136: {
    yes: [
      '(whole=100000)',
      '(whole=1e5)',
      '(whole= 100000 )',
      '(whole=+100000)',
      '(whole<=100001)',
      '(whole~=100000.0)',
      '(fraction<=2.011)',
      '(negative<=-4.5)',
      '(large>=10000000000)',
      '(large=10000000000)',
      '(huge=123456789012345678901234567890)',
      '(huge>=1.5)',
      '(no=FALSE)',
      '(no= False )',
      '(no~=false)',
      '(no>=false)',
      '(version=1.10)',
      '(version>=1.9)',
      '(version<= 1.10.0 )',
      '(version~=1.10.0)',
      '(versions<=1.2)',
      '(versions=none)',
    ],
    no: [
      '(whole=b)',
      '(whole>=b)',
      '(whole<=b)',
      '(whole=0x186a0)',
      '(huge=123456789012345678901234567891)',
      '(large=x)',
      '(no=true)',
      '(no=b)',
      '(no=0)',
      '(fraction=NaN)',
      '(version>=2)',
      '(version=1.1)',
      '(version=one)',
      '(version<=one)',
      '(version=1.*)',
      '(versions=1.3)',
    ],
  },
  137: {
    yes: ['(empty=)', '(empty=*)', '(empty>=)'],
    no: ['(whole=)', '(no=)', '(large=)', '(room=)', '(negative<=)'],
  },
  138: {
    yes: ['(room=*e*)'],
    no: ['(whole=100*)', '(large=1*)', '(fraction=2*01)', '(no=f*lse)', '(ports=1*)', '(whole=**)'],
  },
  139: {
    yes: ['(room~= B E D R O O M )', '(room~=BED\troom)', '(channel~=1 0 1)'],
    no: ['(room~=bedrooms)', '(missing~=)'],
  },
  140: {
    yes: ['(room>=b)', '(room<=c)', '(!(missing=*))', '(!(missing>=0))'],
    no: ['(room>=c)', '(missing=*)', '(missing=)', '(missing>=)', '(missing<=z)', '(missing~=a)', '(missing=a*)'],
  },
};

for (const [number, { yes, no }] of Object.entries(TABLES)) {
  item(Number(number), async (t) => {
    const matches = await matcher(t);
    for (const text of yes) assert.equal(matches(text), true, text);
    for (const text of no) assert.equal(matches(text), false, text);
  });
}

item(133, () => {
  const wrong: [text: string, position: number][] = [
    ['', 0],
    ['()', 1],
    ['(=foo)', 1],
    ['(', 1],
    ['(abc = ))', 8],
    ['(& (abc = xyz) (& (345))', 22],
    ['  (room = b**oo!*m*) ) ', 21],
    ['(room = b**oo)*m*) ) ', 14],
    ['(room', 5],
    ['(room=', 6],
    ['(room=x', 7],
    ['(room=x\\', 8],
    ['(a~b=c)', 3],
    ['(a<b)', 3],
    ['(a>b)', 3],
    ['a=b', 0],
    ['(a=b', 4],
    ['(a=(b))', 3],
    ['(!(a=b)(c=d))', 7],
    ['(&)', 2],
    ['(&(a=b)', 7],
    ['(&(a=b)c)', 7],
    ['(a=b)(c=d)', 5],
    ['(a=b)x', 5],
    ['((a=b))', 1],
    ['(a)', 2],
  ];
  for (const [text, position] of wrong) {
    assert.throws(
      () => parseFilter(text),
      (error) => {
        const { code, context, message } = error as RackwattError;
        assert.equal(code, 'FILTER_SYNTAX', text);
        assert.deepEqual(context, { filter: text, position }, message);
        assert.ok(message.includes(JSON.stringify(text)), message);
        return true;
      },
    );
  }
});

item(141, () => {
  assert.equal(parseFilter('( a = bedroom  )').toString(), '(a= bedroom  )');
  assert.equal(parseFilter(' (a= bedroom  ) ').toString(), '(a= bedroom  )');
  assert.ok(parseFilter('( a = bedroom  )').equals(parseFilter(' (a= bedroom  ) ')));
  assert.equal(
    parseFilter(' ( & ( a b = c\\*\\(d\\)\\\\* ) ( ! ( e =*) ) ) ').toString(),
    '(&(a b= c\\*\\(d\\)\\\\* )(!(e=*)))',
  );
});

item(142, async (t) => {
  const { context } = await activated(new TestContainer(t), 'provider');
  const properties = { Room: 'bedroom', outlets: 24, tags: ['a', 'b'] };
  const { reference } = context.register(Meter, meter(), properties);
  const texts = [
    ['(Room=bedroom)', true, true],
    ['(room=bedroom)', true, false],
    ['(&(ROOM=bed*)(outlets>=24))', true, false],
    ['(&(Room=bed*)(outlets>=24)(!(tags=c)))', true, true],
    ['(!(ROOM=*))', false, true],
    ['(Room=kitchen)', false, false],
  ] as const;
  for (const [text, any, exact] of texts) {
    const filter = parseFilter(text);
    assert.deepEqual(
      [filter.matches(properties), filter.matchesReference(reference), filter.matchesCase(properties)],
      [any, any, exact],
      text,
    );
  }
  assert.ok(parseFilter(`(objectclass=${Meter.id})`).matchesReference(reference));
  assert.throws(() => parseFilter('(room=a)').matches({ room: 'a', ROOM: 'b' }), { code: 'SERVICE_PROPERTIES' });
  assert.equal(parseFilter('(toString=*)').matchesCase({}), false, 'what an object inherits is no property');
  assert.equal(parseFilter('(__proto__=*)').matches({}), false);
});

item(143, async (t) => {
  const matches = await matcher(t);
  const installed = new Date('2026-01-31T12:00:00Z');
  /** A value with an order of its own. */
  const grade = {
    compareText: (text: string) => (/^[a-f]$/.test(text) ? 'c'.charCodeAt(0) - text.charCodeAt(0) : undefined),
  };
  const properties: Properties = {
    installed,
    grade,
    serial: 12345678901234567890n,
    firmware: Version.parse('2.10.0-rc.1'),
  };
  const yes = [
    '(installed>=2026-01-31)',
    '(installed=2026-01-31T13:00+01:00)',
    '(installed<= 2027 )',
    '(grade=c)',
    '(grade>=a)',
    '(&(grade<=f)(grade~=c))',
    '(serial>=12345678901234567889)',
    '(serial=12345678901234567890)',
    '(firmware>=2.9)',
    '(firmware<=2.10)',
    '(&(installed=*)(grade=*)(firmware=*))',
  ];
  const no = [
    '(installed>=2026-02)',
    '(installed=2026-01-31)',
    '(installed>=yesterday)',
    '(installed<=99)',
    '(installed=2026*)',
    '(grade>=d)',
    '(grade=cc)',
    '(serial=12345678901234567891)',
    '(firmware>=2.10.0)',
  ];
  for (const text of yes) assert.equal(matches(text, properties), true, text);
  for (const text of no) assert.equal(matches(text, properties), false, text);

  // Among many, where an index is asked, and as a change that listeners hear of.
  const { context } = await activated(new TestContainer(t), 'many');
  const many = Array.from({ length: 40 }, (_, i) =>
    context.register(Meter, meter(i), { v: i % 2 === 0 ? Version.parse(`1.${i}`) : `1.${i}` }),
  );
  const heard: string[] = [];
  void context.listen(({ type }) => void heard.push(type), { filter: '(&(v=1.8.0)(objectClass=*))' });
  assert.deepEqual(context.references(Meter, '(v=1.8.0)'), [many[8]!.reference]);
  assert.deepEqual(context.references(Meter, '(v=1.9)'), [many[9]!.reference]);
  many[8]!.setProperties({ v: Version.parse('1.7') });
  many[9]!.setProperties({ v: Version.parse('1.8.0+build') });
  assert.deepEqual(heard, ['MODIFIED_ENDMATCH', 'MODIFIED']);
  assert.deepEqual(context.references(Meter, '(v=1.8.0)'), [many[9]!.reference]);
  const dated = context.register(Meter, meter(), { installed, all: [installed] }).reference;
  installed.setTime(0);
  (dated.property('installed') as Date).setTime(0);
  (dated.properties()['all'] as Date[])[0]!.setTime(0);
  assert.equal(context.reference(Meter, '(&(installed>=2026)(all>=2026))'), dated, 'nobody can change it from outside');
});

item(144, () => {
  for (const depth of [10_000, 200_000]) {
    for (const [open, holds] of [
      ['(!', depth % 2 === 0],
      ['(&', true],
      ['(|', true],
    ] as const) {
      const text = `${open.repeat(depth)}(a=b)${')'.repeat(depth)}`;
      const filter = parseFilter(text);
      assert.equal(filter.matches({ a: 'b' }), holds);
      assert.equal(filter.toString(), text);
    }
    assert.throws(() => parseFilter('(&'.repeat(depth)), { code: 'FILTER_SYNTAX' });
  }
  const length = 2_000_000;
  const hostile = [
    `(a=${'1'.repeat(length)}x)`,
    `(a=${'*'.repeat(length)})`,
    `(a=${' '.repeat(length)}1)`,
    `(${' '.repeat(length)}`,
    `(${'! '.repeat(length / 2)}`,
    `(a~=${' \t'.repeat(length / 2)})`,
    `(a=${'\\*'.repeat(length / 2)})`,
    `(&${'(a=b)'.repeat(length / 5)})`,
    `(|${'(a=b)'.repeat(length / 5)}`,
  ];
  const started = process.cpuUsage();
  for (const text of hostile) {
    // Refused with a sentence, or read; nothing else.
    try {
      const filter = parseFilter(text);
      for (const a of [1, 1n, true, 'x']) assert.equal(typeof filter.matches({ a }), 'boolean');
    } catch (error) {
      const { code, message } = error as RackwattError;
      assert.equal(code, 'FILTER_SYNTAX');
      assert.ok(message.length < 500, message);
    }
  }
  const { user, system } = process.cpuUsage(started);
  assert.ok((user + system) / 1e6 < 20, 'quadratic reading of two million characters would take hours');
});
