import type { Command, CommandInput } from 'rackwatt';
import type { Plan } from '../ordering.js';
import type { ArtifactRow } from '../state/artifact-records.js';
import type { GatewayView } from '../views.js';
import { broker } from './broker.js';
import { audit, authority, list, listArtifacts, show, showPlan } from './shown.js';
import { WAIT_OPTIONS, waitFor } from './wait.js';
import { actor, desiredOf, fileOf, gatewaysAndRest, isArchive, json, optionOf } from './words.js';

const JSON_OPTION = { '--json': 'print JSON' };
const ORDER_OPTIONS = {
  '--reason <text>': 'why, for the people at the gateway',
  '--dry-run': 'only show what would change',
  '--wait': 'show how it goes, until the gateway runs it or says why not',
  ...WAIT_OPTIONS,
  ...JSON_OPTION,
};

const fleet: Command = {
  summary: 'gateways that this center administers',
  commands: {
    authority: {
      summary: 'what gateways are told to trust: the fingerprint of the root',
      options: JSON_OPTION,
      run: authority,
    },
    list: { summary: 'gateways, and those that wait for approval', options: JSON_OPTION, run: list },
    approve: {
      summary: 'make a gateway of an enrolment, with the code that the gateway shows',
      arguments: '<enrolment> <code>',
      options: { '--name <name>': 'what people call it', ...JSON_OPTION },
      run: approve,
    },
    deny: { summary: 'send a gateway away that wants to be enrolled', arguments: '<enrolment>', run: deny },
    revoke: { summary: 'end it with a gateway, at once and for good', arguments: '<gateway>', run: revoke },
    show: {
      summary: 'one gateway, with what it runs and shall run',
      arguments: '<gateway>',
      options: JSON_OPTION,
      run: show,
    },
    set: {
      summary: 'say all that a gateway shall run: a file with "bundles" and "configurations"',
      arguments: '<gateway> <file>',
      options: ORDER_OPTIONS,
      run: set,
    },
    install: {
      summary: 'have gateways run what is in archives: GATEWAY... FILE.tgz...',
      arguments: '<what...>',
      options: { '--downgrade': 'also when it is older than what runs', ...ORDER_OPTIONS },
      run: install,
    },
    remove: {
      summary: 'have a gateway run bundles no more',
      arguments: '<gateway> <bundle...>',
      options: ORDER_OPTIONS,
      run: remove,
    },
    rollback: {
      summary: 'have a gateway run what it was to run before',
      arguments: '<gateway>',
      options: ORDER_OPTIONS,
      run: rollback,
    },
    wait: {
      summary: 'show how gateways come to run what they shall, until they do or say why not',
      arguments: '<gateway...>',
      options: { ...WAIT_OPTIONS, ...JSON_OPTION },
      run: (input) =>
        waitFor(
          input,
          input.arguments.map((gateway) => ({ gateway })),
        ),
    },
    artifacts: {
      summary: 'archives that gateways can be told to run',
      commands: {
        list: { summary: 'archives at the center', options: JSON_OPTION, run: listArtifacts },
        add: {
          summary: 'bring archives to the center',
          arguments: '<file...>',
          options: JSON_OPTION,
          run: addArtifacts,
        },
      },
    },
    broker,
    audit: {
      summary: 'who did what, and whether a record was touched',
      options: { '--limit <number>': { description: 'the newest so many', default: '50' }, ...JSON_OPTION },
      run: audit,
    },
  },
};

export default fleet;

async function approve(input: CommandInput): Promise<void> {
  const [enrolment, code] = input.arguments;
  const name = optionOf(input, 'name');
  const gateway = (await input.call('fleet.approve', { actor: actor(), enrolment, code, name })) as GatewayView;
  if (!json(input, gateway)) input.stdout.write(`${gateway.name ?? gateway.serial} is the gateway ${gateway.id}\n`);
}

async function deny(input: CommandInput): Promise<void> {
  const [enrolment] = input.arguments;
  await input.call('fleet.deny', { actor: actor(), enrolment });
  input.stdout.write(`${enrolment} was denied\n`);
}

async function revoke(input: CommandInput): Promise<void> {
  const [named] = input.arguments;
  const { id } = (await input.call('fleet.revoke', { actor: actor(), gateway: named })) as GatewayView;
  input.stdout.write(`${id} is revoked; it can be enrolled again with a new key\n`);
}

async function set(input: CommandInput): Promise<number> {
  const [gateway = '', file = ''] = input.arguments;
  const wanted = await desiredOf(file);
  return order(input, [gateway], 'fleet.set', { reason: `set ${file}`, ...wanted });
}

async function install(input: CommandInput): Promise<number> {
  const { gateways, rest: files } = gatewaysAndRest(input.arguments, isArchive, 'an archive: FILE.tgz');
  const artifacts = await added(input, files);
  const downgrade = input.options['downgrade'] === true;
  const bundles = artifacts.map(({ name, version, sha256 }) => [name, { version, sha256, downgrade }]);
  const reason = `install ${artifacts.map(({ name, version }) => `${name} ${version}`).join(', ')}`;
  return order(input, gateways, 'fleet.set', { reason, bundles: Object.fromEntries(bundles) as object });
}

async function remove(input: CommandInput): Promise<number> {
  const [gateway = '', ...names] = input.arguments;
  const bundles = Object.fromEntries(names.map((name) => [name, null]));
  return order(input, [gateway], 'fleet.set', { reason: `remove ${names.join(', ')}`, bundles });
}

async function rollback(input: CommandInput): Promise<number> {
  return order(input, input.arguments, 'fleet.rollback', { reason: 'rollback' });
}

/** Gives gateways an order, or shows what would come of it. */
async function order(
  input: CommandInput,
  gateways: readonly string[],
  method: string,
  wanted: object,
): Promise<number> {
  const isTrial = input.options['dryRun'] === true;
  const isWaiting = input.options['wait'] === true && !isTrial;
  const reason = optionOf(input, 'reason');
  const plans: { gateway: string; plan: Plan }[] = [];
  for (const gateway of gateways) {
    const parameters = { ...wanted, ...(reason !== undefined && { reason }), actor: actor(), gateway, isTrial };
    plans.push({ gateway, plan: (await input.call(method, parameters)) as Plan });
  }
  if (
    !isWaiting &&
    json(
      input,
      plans.map(({ plan }) => plan),
    )
  )
    return 0;
  if (input.options['json'] !== true) for (const { gateway, plan } of plans) showPlan(input, gateway, plan);
  if (!isWaiting) return 0;
  return waitFor(
    input,
    plans.map(({ plan: { gateway, sequence } }) => ({ gateway, sequence })),
  );
}

async function addArtifacts(input: CommandInput): Promise<void> {
  const artifacts = await added(input, input.arguments);
  if (json(input, artifacts)) return;
  for (const { name, version, sha256 } of artifacts) input.stdout.write(`${name} ${version} is here: ${sha256}\n`);
}

async function added(input: CommandInput, files: readonly string[]): Promise<ArtifactRow[]> {
  const artifacts: ArtifactRow[] = [];
  for (const file of files)
    artifacts.push((await input.call('fleet.artifacts.add', { actor: actor(), file: fileOf(file) })) as ArtifactRow);
  return artifacts;
}
