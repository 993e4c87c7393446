import { administrationTopics, GatewayId, TenantId } from '@rackwatt/fleet';
import { topicFilter, topics } from '@rackwatt/telemetry/wire';
import { RackwattError, quoted } from 'rackwatt';
import { Compile } from 'typebox/compile';

/** A gateway that may use the broker. */
export interface BrokerGateway {
  tenant: string;
  /** Common name of its certificate, which the broker takes as user name and client id. */
  gateway: string;
}

/** What mosquitto's dynamic-security plugin grants. */
export interface Acl {
  acltype: 'publishClientSend' | 'publishClientReceive' | 'subscribeLiteral' | 'subscribePattern';
  topic: string;
  allow: boolean;
}

export interface Role {
  rolename: string;
  textname: string;
  acls: Acl[];
}

/** By this the center knows what it made. */
export const MADE_HERE = 'rackwatt-gateway';

/** What holds where no role says otherwise. To give up a subscription harms nobody. */
export const DEFAULT_ACCESS = {
  publishClientSend: false,
  publishClientReceive: false,
  subscribe: false,
  unsubscribe: true,
} as const;

const isGateway = Compile(GatewayId);
const isTenant = Compile(TenantId);

/** @throws `RIGHTS_INPUT` for what must not become part of a topic or of a name at the broker. */
export function checkGateway({ tenant, gateway }: BrokerGateway): void {
  if (!isGateway.Check(gateway))
    throw new RackwattError('RIGHTS_INPUT', `${quoted(gateway)} is no id of a gateway; use one that the center made`);
  if (!isTenant.Check(tenant)) throw new RackwattError('RIGHTS_INPUT', `${quoted(tenant)} is no id of a tenant`);
}

export function roleName(gateway: string): string {
  return `${MADE_HERE}-${gateway}`;
}

/**
 * Exactly the topics of one gateway, each in its direction. No topic has a wildcard: a subscription is granted by its very
 * text, so that nothing hangs on how filters are compared.
 * @param telemetry whether the broker carries readings, too
 */
export function gatewayRole({ tenant, gateway }: BrokerGateway, telemetry: boolean): Role {
  const { poke, hello } = administrationTopics(tenant, gateway);
  const sends = [hello];
  const hears = [poke];
  if (telemetry) {
    const { ack, ...ofGateway } = topics(tenant, gateway);
    sends.push(...Object.values(ofGateway));
    hears.push(ack);
  }
  const acls = [
    ...sends.map((topic) => allow('publishClientSend', topic)),
    ...hears.flatMap((topic) => [allow('publishClientReceive', topic), allow('subscribeLiteral', topic)]),
  ];
  return { rolename: roleName(gateway), textname: MADE_HERE, acls };
}

const CONTROL = '$CONTROL/dynamic-security/v1';
/** Topics of the plugin's own administration. */
export const CONTROL_TOPICS = { command: CONTROL, response: `${CONTROL}/response` } as const;

/** Hello of any gateway. */
export const ANY_HELLO = administrationTopics('+', '+').hello;

/** The center: the broker's rights, the doorbells, and who is there. It hears no readings. */
export function centerRole(): Role {
  return {
    rolename: 'rackwatt-center',
    textname: 'Rackwatt administration center',
    acls: [
      allow('publishClientSend', CONTROL_TOPICS.command),
      allow('publishClientReceive', CONTROL_TOPICS.response),
      allow('subscribeLiteral', CONTROL_TOPICS.response),
      allow('publishClientSend', administrationTopics('+', '+').poke),
      allow('publishClientReceive', ANY_HELLO),
      allow('subscribeLiteral', ANY_HELLO),
    ],
  };
}

/** A concentrator: readings of all tenants, and their acknowledgements. It rings nowhere and grants nothing. */
export function concentratorRole(): Role {
  const hears = (['live', 'replay', 'event', 'schema', 'state'] as const).map((kind) => topicFilter(kind));
  return {
    rolename: 'rackwatt-concentrator',
    textname: 'Rackwatt concentrator',
    acls: [
      ...hears.flatMap((topic) => [allow('publishClientReceive', topic), allow('subscribeLiteral', topic)]),
      allow('publishClientSend', topicFilter('ack')),
    ],
  };
}

/** Text that two roles have in common exactly when they grant the same. */
export function granted(acls: readonly { acltype: string; topic: string; allow: boolean }[]): string {
  return acls
    .map(({ acltype, topic, allow: allowed }) => JSON.stringify([acltype, topic, allowed]))
    .sort()
    .join('\n');
}

function allow(acltype: Acl['acltype'], topic: string): Acl {
  return { acltype, topic, allow: true };
}
