import { userInfo } from 'node:os';
import { type Command, type CommandInput, RackwattError } from 'rackwatt';
import type { AuditEntry } from '../audit.js';
import { checkCenter, type Tried } from '../check.js';
import { codeOf } from '../errors.js';
import { readCapabilities, readEnabling } from '../parameters.js';
import { PID, readFingerprint, settingsOf } from '../settings.js';
import type { Status } from '../status.js';

const JSON_OPTION = { '--json': 'print JSON' };
const CENTER_OPTIONS = {
  '--center <url>': 'address of the center, such as https://center.example:8443',
  '--fingerprint <sha256>': "sha256 of the center's root certificate, as its administrator tells it",
  '--proxy <url>': 'HTTP proxy on the way there, such as http://proxy.example:3128',
};

const remoteAdmin: Command = {
  summary: 'what an administration center may do at this gateway',
  commands: {
    enable: {
      summary: 'let a center do something here: monitor, configure, update',
      arguments: '<capability...>',
      options: { ...CENTER_OPTIONS, ...JSON_OPTION },
      async run(input) {
        const enabling = readEnabling({ capabilities: input.arguments, actor: actor(), ...given(input) });
        const status = await callOr(input, 'enable', enabling, async () => {
          const { actor: _nobody, capabilities, ...center } = enabling;
          const before = (await input.configuration.configuration(PID)).properties ?? {};
          const all = new Set([...granted(before), ...capabilities]);
          await input.configuration.updateIfDifferent(PID, { ...before, ...center, capabilities: [...all] });
        });
        tell(input, status);
      },
    },
    disable: {
      summary: 'take it back, all of it unless capabilities are named; it ends at once, without the center',
      arguments: '[capability...]',
      options: JSON_OPTION,
      async run(input) {
        const capabilities = readCapabilities({ capabilities: input.arguments });
        const status = await callOr(input, 'disable', { capabilities, actor: actor() }, async () => {
          const { properties } = await input.configuration.configuration(PID);
          if (properties === undefined) return;
          const gone: readonly string[] = capabilities.length === 0 ? granted(properties) : capabilities;
          const left = granted(properties).filter((capability) => !gone.includes(capability));
          await input.configuration.updateIfDifferent(PID, { ...properties, capabilities: left });
        });
        tell(input, status);
      },
    },
    status: {
      options: JSON_OPTION,
      summary:
        'what is granted, the claim code while somebody has to approve, and where it is with what the center wants',
      async run(input) {
        tell(input, (await input.call('remote-admin.status')) as Status);
      },
    },
    log: {
      options: JSON_OPTION,
      summary: 'who did what here by remote administration',
      async run(input) {
        const entries = (await input.call('remote-admin.log')) as AuditEntry[];
        if (input.options['json']) input.stdout.write(`${JSON.stringify(entries)}\n`);
        else
          for (const { time, actor: who, action, detail } of entries)
            input.stdout.write(`${time}  ${who}  ${action}${detail === '' ? '' : `: ${detail}`}\n`);
      },
    },
    check: {
      summary: 'try the way to the center: name, proxy, connection, certificate, clock, authority; nothing is enrolled',
      options: { ...CENTER_OPTIONS, ...JSON_OPTION },
      async run(input) {
        const tried = await check(input);
        if (input.options['json']) input.stdout.write(`${JSON.stringify(tried)}\n`);
        else
          for (const { name, state, detail, advice } of tried)
            input.stdout.write(
              `${state.padEnd(8)} ${name}: ${detail}${advice === undefined ? '' : `\n         ${advice}`}\n`,
            );
        return tried.every(({ state }) => state === 'passed') ? 0 : 1;
      },
    },
    forget: {
      options: JSON_OPTION,
      summary: 'destroy the key and certificate of this gateway; the next enrolment is that of another one',
      async run(input) {
        tell(input, (await input.call('remote-admin.forget', { actor: actor() })) as Status);
      },
    },
  },
};

export default remoteAdmin;

async function check(input: CommandInput): Promise<Tried[]> {
  const named = given(input);
  if (Object.keys(named).length === 0)
    try {
      return (await input.call('remote-admin.check')) as Tried[];
    } catch (error) {
      if (codeOf(error) !== 'NODE_NOT_RUNNING') throw error;
    }
  const before = (await input.configuration.configuration(PID)).properties ?? {};
  const { center, fingerprint, proxy } = { ...before, ...named };
  const text = (key: string, value: unknown): object => (typeof value === 'string' ? { [key]: value } : {});
  const settings = settingsOf({
    capabilities: [],
    probation: '0 s',
    ...text('center', center),
    ...text('fingerprint', fingerprint),
    ...text('proxy', proxy),
  });
  return checkCenter(settings.center);
}

/** Does it in the running node, or to the configuration of one that does not run. */
async function callOr(
  input: CommandInput,
  method: string,
  parameters: object,
  otherwise: () => Promise<void>,
): Promise<Status | undefined> {
  try {
    return (await input.call(`remote-admin.${method}`, parameters)) as Status;
  } catch (error) {
    if (codeOf(error) !== 'NODE_NOT_RUNNING') throw error;
    await otherwise();
    return undefined;
  }
}

function given({ options }: CommandInput): { center?: string; fingerprint?: string; proxy?: string } {
  const { center, fingerprint, proxy } = options;
  if (typeof center === 'string' && !center.startsWith('https://'))
    throw new RackwattError('USAGE', '--center is an address such as https://center.example:8443');
  return {
    ...(typeof center === 'string' ? { center } : {}),
    ...(typeof fingerprint === 'string' ? { fingerprint: readFingerprint(fingerprint) } : {}),
    ...(typeof proxy === 'string' ? { proxy } : {}),
  };
}

function granted(properties: Record<string, unknown>): string[] {
  return (properties['capabilities'] as string[] | undefined) ?? [];
}

function actor(): string {
  const { username, uid } = userInfo();
  return `user ${username} (${uid})`;
}

function tell({ options, stdout }: CommandInput, status: Status | undefined): void {
  if (options['json']) stdout.write(`${JSON.stringify(status ?? {})}\n`);
  else if (status === undefined) stdout.write('written into the configuration; the node does not run\n');
  else for (const [name, value] of linesOf(status)) if (value) stdout.write(`${`${name}:`.padEnd(23)}${value}\n`);
}

function linesOf(status: Status): [string, string | false | undefined][] {
  const { desired, trouble, refused, gateway, tenant, certificateUntil } = status;
  return [
    ['remote administration', status.state],
    ['granted', status.capabilities.join(', ') || 'nothing'],
    ['being withdrawn', status.isWithdrawing === true && 'a change is being taken back'],
    ['center', status.center],
    ['claim code', status.claimCode && `${status.claimCode} (to be typed at the center)`],
    ['key', status.key],
    ['gateway', gateway && `${gateway} of ${tenant}, certificate until ${certificateUntil}`],
    ['last contact', status.lastContact],
    [
      'order',
      desired && `${desired.sequence} ${desired.phase}${desired.detail === undefined ? '' : `: ${desired.detail}`}`,
    ],
    ['refused', refused && `${refused.code}: ${refused.detail}`],
    ['trouble', trouble?.message],
    ['audit log', status.audit],
  ];
}
