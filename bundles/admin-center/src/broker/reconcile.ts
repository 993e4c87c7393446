import { MessageKind } from '@rackwatt/fleet';
import { RackwattError } from 'rackwatt';
import { Type, type Static, type TSchema } from 'typebox';
import type { Command, DynamicSecurity } from './control.js';
import { DEFAULT_ACCESS, gatewayRole, granted, MADE_HERE, roleName, type BrokerGateway } from './roles.js';

const Named = Type.Optional(Type.String());

const clientList = Type.Object({
  clients: Type.Array(
    Type.Object({
      username: Type.String(),
      textname: Named,
      disabled: Type.Optional(Type.Boolean()),
      roles: Type.Optional(Type.Array(Type.Object({ rolename: Type.String() }))),
      groups: Type.Optional(Type.Array(Type.Unknown())),
    }),
  ),
});
const roleList = Type.Object({
  roles: Type.Array(
    Type.Object({
      rolename: Type.String(),
      textname: Named,
      acls: Type.Optional(
        Type.Array(Type.Object({ acltype: Type.String(), topic: Type.String(), allow: Type.Boolean() })),
      ),
    }),
  ),
});
const defaultAccess = Type.Object({
  acls: Type.Array(Type.Object({ acltype: Type.String(), allow: Type.Boolean() })),
});

type Client = Static<typeof clientList>['clients'][number];
type ActualRole = Static<typeof roleList>['roles'][number];

/** Entries a page of the broker's lists, so that no answer is longer than the broker's largest packet. */
const PAGE = 100;

/** What the broker has to be told, and what it has of gateways' names that somebody else made. */
interface Difference {
  commands: Command[];
  foreign: string[];
}

/**
 * Makes the broker's clients and roles those of the gateways, and reads them back. What somebody else made stays.
 * @throws `RIGHTS_REFUSED`, `RIGHTS_DIFFER`, `RIGHTS_FOREIGN`, `RIGHTS_AWAY`. All other gateways have their rights then.
 */
export async function reconcile(
  security: DynamicSecurity,
  gateways: readonly BrokerGateway[],
  telemetry: boolean,
): Promise<void> {
  const before = await difference(security, gateways, telemetry);
  if (before.commands.length > 0) {
    await security.run(before.commands);
    const { commands } = await difference(security, gateways, telemetry);
    if (commands.length > 0) {
      const left = [...new Set(commands.map(({ command }) => command))].join(', ');
      throw new RackwattError(
        'RIGHTS_DIFFER',
        `The broker took ${before.commands.length} commands, and still lacks ${commands.length} (${left}); see who else administers it.`,
      );
    }
  }
  if (before.foreign.length > 0)
    throw new RackwattError(
      'RIGHTS_FOREIGN',
      `At the broker somebody else made ${before.foreign.join(', ')}; delete it there, so that the gateway gets its own.`,
      { context: { foreign: before.foreign } },
    );
}

async function difference(
  security: DynamicSecurity,
  gateways: readonly BrokerGateway[],
  telemetry: boolean,
): Promise<Difference> {
  const [access] = await security.run([{ command: 'getDefaultACLAccess' }]);
  const { acls } = new MessageKind("the broker's default access", defaultAccess).check(access);
  const clients = new Map<string, Client>();
  for (const client of await all(security, 'listClients', clientList, ({ clients: page }) => page))
    clients.set(client.username, client);
  const roles = new Map<string, ActualRole>();
  for (const role of await all(security, 'listRoles', roleList, ({ roles: page }) => page))
    roles.set(role.rolename, role);

  const change = differenceOfGateways(gateways, telemetry, clients, roles);
  if (Object.entries(DEFAULT_ACCESS).some(([type, allow]) => acls.find((acl) => acl.acltype === type)?.allow !== allow))
    change.commands.unshift({
      command: 'setDefaultACLAccess',
      acls: Object.entries(DEFAULT_ACCESS).map(([acltype, allow]) => ({ acltype, allow })),
    });
  return change;
}

function differenceOfGateways(
  gateways: readonly BrokerGateway[],
  telemetry: boolean,
  clients: ReadonlyMap<string, Client>,
  roles: ReadonlyMap<string, ActualRole>,
): Difference {
  const wanted = new Map(gateways.map((gateway) => [gateway.gateway, gatewayRole(gateway, telemetry)]));
  const wantedRoles = new Set([...wanted.values()].map(({ rolename }) => rolename));
  const commands: Command[] = [];
  const foreign: string[] = [];
  // Who goes goes first, and is deleted rather than disabled: a client that is disabled comes back with all its rights.
  for (const { username, textname } of clients.values())
    if (textname === MADE_HERE && !wanted.has(username)) commands.push({ command: 'deleteClient', username });
  for (const { rolename, textname } of roles.values())
    if (textname === MADE_HERE && !wantedRoles.has(rolename)) commands.push({ command: 'deleteRole', rolename });

  for (const [username, role] of wanted) {
    const client = clients.get(username);
    const actual = roles.get(role.rolename);
    const others = [
      ...(client && client.textname !== MADE_HERE ? [`the client ${username}`] : []),
      ...(actual && actual.textname !== MADE_HERE ? [`the role ${role.rolename}`] : []),
    ];
    if (others.length > 0) {
      foreign.push(...others);
      continue;
    }
    if (!actual) commands.push({ command: 'createRole', ...role });
    else if (granted(role.acls) !== granted(actual.acls ?? [])) commands.push({ command: 'modifyRole', ...role });
    if (client && isAsMade(client)) continue;
    if (client) commands.push({ command: 'deleteClient', username });
    commands.push({ command: 'createClient', username, textname: MADE_HERE, roles: [{ rolename: role.rolename }] });
  }
  return { commands, foreign };
}

/** With its own role and no more: another role or a group would be more rights than the center gave. */
function isAsMade({ username, disabled, roles = [], groups = [] }: Client): boolean {
  return disabled !== true && groups.length === 0 && roles.length === 1 && roles[0]?.rolename === roleName(username);
}

/** A list of the broker's, page by page. */
async function all<Page extends TSchema, Entry>(
  security: DynamicSecurity,
  command: string,
  schema: Page,
  entriesOf: (page: Static<Page>) => readonly Entry[],
): Promise<Entry[]> {
  const kind = new MessageKind(`the broker's answer to ${command}`, schema);
  const found: Entry[] = [];
  for (;;) {
    const [answer] = await security.run([{ command, verbose: true, count: PAGE, offset: found.length }]);
    const page = entriesOf(kind.check(answer));
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}
