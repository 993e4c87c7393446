import { enrolments, isCenter } from '../center.js';
import { hasStore, health, listed, problem, totals } from '../fleet.js';
import { decimal, plural } from '../format.js';
import { link } from '../live.js';
import { href, place } from '../router.js';
import { HEALTH_STATES, stateWord } from '../words.js';
import { Badge, Notice } from './basics.js';

interface Link {
  path: string[];
  text: string;
  count?: number;
}

const LINKS: Link[] = [
  { path: [], text: 'Power' },
  { path: ['health'], text: 'Health' },
];

const REMOTE: Link = { path: ['remote'], text: 'Remote' };

export function Header() {
  const state = health.value?.state;
  const { kW, devices, counted } = totals.value.total;
  const { word, tone } = stateWord(HEALTH_STATES, state ?? '');
  const here = place.value.path[0] ?? '';
  const gateways = { path: ['gateways'], text: 'Gateways', count: enrolments.value.length };
  const links = [
    ...(hasStore.value ? LINKS : LINKS.slice(1)),
    ...('remote-admin' in (health.value?.checks ?? {}) ? [REMOTE] : []),
    ...(isCenter.value ? [gateways] : []),
  ];
  return (
    <>
      <header class="top">
        <a class="brand" href={href([])}>
          <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
            <rect width="32" height="32" rx="7" class="mark" />
            <path d="M18 4 8 18h6l-2 10 12-15h-7z" class="bolt" />
          </svg>
          <span class="name">Rackwatt</span>
        </a>
        <span class="node" data-testid="node-name">
          {health.value?.node.id ?? ''}
        </span>
        <nav aria-label="Main">
          {links.map(({ path, text, count = 0 }) => (
            <a key={text} href={href(path)} aria-current={(path[0] ?? '') === here ? 'page' : undefined}>
              {text}
              {count > 0 && (
                <span class="count" title={`${count} waiting for approval`}>
                  {' '}
                  {count}
                </span>
              )}
            </a>
          ))}
        </nav>
        <div class="facts">
          {link.value === 'waiting' && <Badge tone="warn">Reconnecting</Badge>}
          {state && (
            <a class="plain" href={href(['health'])} data-testid="health" data-state={state}>
              <Badge tone={tone}>{word}</Badge>
            </a>
          )}
          {hasStore.value && (
            <span class="total" title={`Inlets of ${counted} of ${plural(devices, 'PDU')}`}>
              <b class="figure" data-testid="total-kw">
                {listed.value ? decimal(kW, 2) : ''}
              </b>{' '}
              kW
            </span>
          )}
        </div>
      </header>
      {problem.value && (
        <div class="banner">
          <Notice tone="bad" testid="problem">
            {problem.value} {listed.value && 'What is shown is what was last known.'}
          </Notice>
        </div>
      )}
    </>
  );
}
