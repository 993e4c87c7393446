import type { DeviceTarget, Explanation, ProbedUnit, ProbeResult } from '@rackwatt/telemetry';
import { discover, type DiscoveredUnit } from './discover.js';
import { evaluate } from './read.js';
import { choiceOf, linkTo, type Surroundings } from './session.js';
import { now } from './time.js';
import { rawText } from './values.js';

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0';
/** ms in a tick of sysUpTime. */
const TICK = 10;

/** Recognises a device, reads it once and forgets it; what was met while learning it is the reading. */
export async function probe(
  target: DeviceTarget,
  options: Surroundings,
  withExplanation: boolean,
): Promise<ProbeResult> {
  const started = performance.now();
  const link = linkTo(target, options);
  try {
    const deadline = started + options.discoverTime;
    const [first, ...others] = await discover(link, choiceOf(target, options), deadline, true);
    const [upTime] = withExplanation ? await link.get([SYS_UP_TIME], deadline) : [];
    return {
      ...unitOf(first, withExplanation),
      ...(others.length === 0 ? {} : { units: others.map((unit) => unitOf(unit, withExplanation)) }),
      ...(typeof upTime?.value === 'number' ? { upTime: upTime.value * TICK } : {}),
      cost: { requests: link.requests, milliseconds: Math.round(performance.now() - started) },
    };
  } finally {
    link.close();
  }
}

function unitOf({ unit, layout, walk }: DiscoveredUnit, withExplanation: boolean): ProbedUnit {
  const every = Uint32Array.from(layout.shape.rules.keys());
  return {
    ...layout.description,
    ...(unit === undefined ? {} : { unit }),
    reading: { ...evaluate(layout, every), time: now(), layout: 1 },
    ...(withExplanation ? { explain: explain(layout, walk) } : {}),
  };
}

function explain({ shape: { rules, oids } }: DiscoveredUnit['layout'], walk: DiscoveredUnit['walk']): Explanation[] {
  return rules.map((rule, point) => {
    const source = oids[rule.slot]!;
    const varbind = walk.objects.get(source);
    return {
      point,
      source,
      raw: varbind ? rawText(varbind) : '',
      ...(rule.states ? {} : { scale: rule.multiply / rule.divide, scaleSource: rule.scaleSource }),
    };
  });
}
