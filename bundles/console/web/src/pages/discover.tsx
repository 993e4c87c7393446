import { useEffect, useState } from 'preact/hooks';
import { announce } from '../announce.js';
import { sentence } from '../api.js';
import { add, canDiscover, cancel, discovery, follow, followDiscovery, trouble } from '../discovery.js';
import { refresh } from '../fleet.js';
import { plural } from '../format.js';
import type { DiscoveryView, FoundView } from '../node.js';
import { Notice, Search } from '../parts/basics.js';
import { DiscoveryForm } from '../parts/discovery-form.js';
import { type Choice, FoundTable } from '../parts/found-table.js';
import { href, place, setQuery } from '../router.js';

/** What of the list is shown, as in the URL; the first one is what is shown unless it says so. */
const FILTERS: { name: string; text: string; holds: (device: FoundView) => boolean }[] = [
  { name: 'all', text: 'All', holds: () => true },
  { name: 'new', text: 'New', holds: ({ standing }) => standing === 'new' },
  { name: 'configured', text: 'Configured', holds: ({ standing }) => standing === 'configured' },
  { name: 'moved', text: 'Moved', holds: ({ standing }) => standing === 'moved' },
  { name: 'refused', text: 'Refused', holds: ({ state }) => state === 'refused' },
  { name: 'unknown', text: 'Unknown', holds: ({ state }) => state === 'unknown' },
];

export function DiscoverPage() {
  useEffect(followDiscovery, []);
  const report = discovery.value;
  return (
    <>
      <nav class="crumbs" aria-label="Breadcrumb">
        <a href={href([])}>Power</a> <span aria-hidden="true">/</span> Discover
      </nav>
      <h1>Discover devices</h1>
      {trouble.value && <Notice tone="bad">{trouble.value}</Notice>}
      {report !== undefined && !canDiscover.value && (
        <Notice tone="warn">This node looks for no devices: no driver that can is running on it.</Notice>
      )}
      {canDiscover.value && <DiscoveryForm />}
      {report && <Progress report={report} />}
      {report && report.devices.length > 0 && <Found key={report.id} devices={report.devices} />}
    </>
  );
}

function Progress({ report: { id, state, hosts, looked, counts, detail } }: { report: DiscoveryView }) {
  const [failed, setFailed] = useState<string>();
  const { recognised, refused, unknown, silent, closed, unreachable } = counts;
  const elsewhere = [
    `${silent} silent`,
    closed > 0 && `${closed} without an agent`,
    unreachable > 0 && `${unreachable} not to be reached`,
  ].filter(Boolean);
  return (
    <section class="panel" aria-label="Progress" data-testid="discovery" data-state={state}>
      <div class="row">
        <b data-testid="discovery-counts">
          {recognised + refused + unknown} found: {recognised} recognised, {refused} refused, {unknown} unknown
        </b>
        {state === 'running' && (
          <button
            type="button"
            class="end"
            data-testid="discovery-cancel"
            onClick={() => void cancel(id).catch((error: unknown) => setFailed(sentence(error)))}
          >
            Cancel
          </button>
        )}
      </div>
      <progress class="sweep" max={hosts} value={looked} aria-label="Hosts looked at">
        {looked} of {hosts}
      </progress>
      <p class="hint" data-testid="discovery-hosts">
        {looked} of {plural(hosts, 'host')}
        {state === 'cancelled' && ', then cancelled'} ({elsewhere.join(', ')})
      </p>
      {(detail ?? failed) && <Notice tone="bad">{detail ?? failed}</Notice>}
    </section>
  );
}

function Found({ devices }: { devices: readonly FoundView[] }) {
  const [choices, setChoices] = useState<ReadonlyMap<string, Partial<Choice>>>(new Map());
  const [problems, setProblems] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const choiceOf = ({ address, name }: FoundView): Choice => ({
    chosen: false,
    name,
    ...choices.get(address),
  });
  const choose = (device: FoundView, change: Partial<Choice>) =>
    setChoices((before) => new Map(before).set(device.address, { ...before.get(device.address), ...change }));

  const query = place.value.query.get('q') ?? '';
  const filter = FILTERS.find(({ name }) => name === place.value.query.get('show')) ?? FILTERS[0]!;
  const shown = devices.filter((device) => filter.holds(device) && matches(device, query));
  const chosen = devices.filter((device) => choiceOf(device).chosen);
  const fresh = chosen.filter(({ standing }) => standing === 'new');
  const moved = chosen.filter(({ standing }) => standing === 'moved');
  const choosable = shown.filter(({ standing }) => standing === 'new');
  const allChosen = choosable.length > 0 && choosable.every((device) => choiceOf(device).chosen);

  const apply = async (done: string, work: () => Promise<string[]>) => {
    setBusy(true);
    try {
      const wrong = await work();
      setProblems(wrong);
      if (wrong.length > 0) return;
      setChoices(new Map());
      announce(done);
      await refresh();
    } catch (error) {
      setProblems([sentence(error)]);
    } finally {
      setBusy(false);
    }
  };

  return (
    <section aria-labelledby="found-title">
      <div class="row">
        <h2 id="found-title">Found</h2>
        <Search
          value={query}
          label="Search address, model, serial …"
          testid="found-search"
          onInput={(q) => setQuery({ q })}
        />
        {FILTERS.map(({ name, text, holds }) => (
          <button
            key={name}
            type="button"
            class="quiet"
            aria-pressed={name === filter.name}
            data-testid={`show-${name}`}
            onClick={() => setQuery({ show: name === 'all' ? '' : name })}
          >
            {text} {devices.filter(holds).length}
          </button>
        ))}
      </div>
      <FoundTable devices={shown} choiceOf={choiceOf} choose={choose} />
      {shown.length === 0 && <p class="empty">Nothing that was found matches.</p>}
      {problems.length > 0 && (
        <Notice tone="bad" testid="found-problems">
          <b>Nothing was changed.</b>
          <ul>
            {problems.map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Notice>
      )}
      <div class="row actions">
        {choosable.length > 0 && (
          <button
            type="button"
            data-testid="choose-all"
            onClick={() => choosable.forEach((device) => choose(device, { chosen: !allChosen }))}
          >
            {allChosen ? 'Choose none' : `Choose all ${choosable.length} new`}
          </button>
        )}
        <button
          type="button"
          class="primary"
          disabled={busy || fresh.length === 0}
          data-testid="add-chosen"
          onClick={() =>
            void apply(`${plural(fresh.length, 'device')} added`, () =>
              add(fresh.map((device) => ({ device, name: choiceOf(device).name.trim() }))),
            )
          }
        >
          Add {plural(fresh.length, 'device')}
        </button>
        {moved.length > 0 && (
          <button
            type="button"
            disabled={busy}
            data-testid="follow-moved"
            onClick={() => void apply(`${plural(moved.length, 'address', 'addresses')} changed`, () => follow(moved))}
          >
            Change {plural(moved.length, 'address', 'addresses')}
          </button>
        )}
      </div>
    </section>
  );
}

function matches({ address, identity, name, detail, sysDescr, sysObjectId }: FoundView, query: string): boolean {
  const text = [address, ...Object.values(identity), name, detail, sysDescr, sysObjectId].join(' ').toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
