import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, type CommandInput, errorMessage } from 'rackwatt';
import { mosquittoFiles } from '../broker/index.js';
import { centerError } from '../errors.js';
import { actor, optionOf } from './words.js';

interface BrokerIdentity {
  cert: string;
  key: string;
  /** PEM: whose certificates gateways have. */
  authorities: string;
}

export const broker: Command = {
  summary: 'lay out a mosquitto over which this center rings at gateways, each with its own topics only',
  arguments: '<folder>',
  options: {
    '--name <host...>': 'host names and addresses under which gateways reach it',
    '--port <port>': { description: 'where gateways connect', default: '8883' },
    '--service-port <port>': { description: 'where the center connects, on loopback', default: '18883' },
    '--telemetry': 'gateways publish their readings there, too',
    '--renew': 'only a new certificate for the broker in that folder',
  },
  run,
};

async function run(input: CommandInput): Promise<void> {
  const folder = resolve(input.arguments[0] ?? '');
  const names = input.options['name'];
  if (!Array.isArray(names) || names.length === 0)
    throw centerError('FLEET_CONFIGURATION', 'name the broker as gateways reach it: --name center.example');
  const telemetry = input.options['telemetry'] === true;
  const file = (name: string): string => join(folder, name);
  const { configuration, security, center, concentrator } = mosquittoFiles({
    port: Number(optionOf(input, 'port')),
    servicePort: Number(optionOf(input, 'servicePort')),
    ca: file('ca.pem'),
    certificate: file('broker.pem'),
    key: file('broker.key'),
    securityFile: file('dynamic-security.json'),
    telemetry,
  });
  const identity = (await input.call('fleet.broker', { names, actor: actor() })) as BrokerIdentity;
  const isRenewal = input.options['renew'] === true;
  const fresh = {
    'mosquitto.conf': configuration,
    'dynamic-security.json': security,
    // Mosquitto writes that one in place: cut off meanwhile it is empty, and begins anew with this.
    'dynamic-security.initial.json': security,
    'center.password': center.account.password,
    ...(concentrator ? { 'concentrator.password': concentrator.account.password } : {}),
  };
  await layOut(folder, isRenewal ? {} : fresh, 'wx');
  await layOut(
    folder,
    { 'ca.pem': identity.authorities, 'broker.pem': identity.cert, 'broker.key': identity.key },
    'w',
  );
  if (isRenewal) {
    input.stdout.write(`${folder} has a new certificate; have mosquitto read it: systemctl reload mosquitto\n`);
    return;
  }
  const settings = (url: string, username: string, secret: string): string =>
    JSON.stringify({ url, username, password: { $secret: secret }, ...(telemetry && { telemetry }) });
  input.stdout.write(
    [
      `${folder} has what mosquitto needs. Next:`,
      `  chown -R mosquitto: ${folder} && mosquitto -c ${file('mosquitto.conf')}`,
      `  rackwatt secret set broker < ${file('center.password')} && rm ${file('center.password')}`,
      `  rackwatt config set rackwatt.admin-center broker '${settings(center.url, center.account.username, 'broker')}'`,
      ...(concentrator
        ? [
            `A concentrator connects to ${concentrator.url} as ${concentrator.account.username}, with the password in ${file('concentrator.password')}.`,
          ]
        : []),
      `At each gateway: rackwatt config set rackwatt.remote-admin doorbell mqtts://${names[0]}:${optionOf(input, 'port')}`,
      '',
    ].join('\n'),
  );
}

/** @param flag `wx`: what is there is somebody's broker, and stays */
async function layOut(folder: string, files: Record<string, string>, flag: 'w' | 'wx'): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const [name, text] of Object.entries(files)) {
      await writeFile(join(folder, name), text, { flag, mode: 0o600 });
      await chmod(join(folder, name), 0o600);
    }
  } catch (error) {
    throw centerError(
      'FLEET_CONFIGURATION',
      `cannot lay out a broker in ${folder}: ${errorMessage(error)}; name a folder that is not there yet, or --renew`,
      { cause: error },
    );
  }
}
