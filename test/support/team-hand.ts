import { type Account, openAccount } from '../../client/app/account.ts';
import { Registrar } from '../../client/inbox/registrar.ts';
import { createTeams, type Teams } from '../../client/inbox/teams.ts';
import { Subject } from '../../client/net/observable.ts';
import type { RequestFunction } from '../../client/net/request.ts';
import type { ConnectionState } from '../../client/net/socket.ts';
import type { Alarm } from '../../client/storage/alarm.ts';
import type { Database } from '../../client/storage/database.ts';
import { createInvitationSecrets } from '../../client/storage/invitation-secrets.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { openVault } from '../../client/storage/vault.ts';
import type { Line, Somebody } from './people.ts';

/** What the client knows of teams, without a page: somebody's keys, line and database. */
export interface TeamHand {
  readonly teams: Teams;
  readonly registrar: Registrar;
  readonly account: Account;
  readonly line: Line;
  readonly database: Database;
  readonly alarms: Alarm[];
}

/** `within` stands between the client and the server: to hear, or to lie. */
export async function openTeams(
  somebody: Somebody,
  within: (request: RequestFunction) => RequestFunction = (request) => request,
  database: Database = memoryDatabase(),
): Promise<TeamHand> {
  const line = await somebody.connect();
  const request = within(line.request);
  const alarms: Alarm[] = [];
  const raise = (alarm: Alarm): void => void alarms.push(alarm);
  const { session } = somebody;
  if (!session) throw new Error('nobody is signed in');
  const account = await openAccount({ session, device: somebody.gim.device, http: somebody.http, request, database, raise });
  const connection = new Subject<ConnectionState>({ status: 'connected', since: 0 });
  const on: Parameters<typeof createTeams>[0]['on'] = (name, listener) => {
    line.socket.on(name, listener as never);
    return () => void line.socket.off(name, listener as never);
  };
  const secrets = createInvitationSecrets({ database, vault: await openVault(database), accountId: session.accountId });
  const teams = createTeams({ account, request, on, connection, secrets, now: Date.now });
  const { keyring: own, directory: people, registrars: loadRegistrars } = account;
  const registrar = new Registrar({ own, request, on, people, loadRegistrars, now: Date.now });
  return { teams, registrar, account, line, database, alarms };
}
