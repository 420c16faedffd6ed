import { sql } from 'kysely';
import type { Base64Url } from '../protocol/base64url.ts';
import type { AccountId, SessionId } from '../protocol/ids.ts';
import type { Locale } from '../protocol/locale.ts';
import { found, type Database } from '../platform/database.ts';

/** A browser that is to be told. */
export interface Subscription {
  readonly endpoint: string;
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly publicKey: Base64Url;
  readonly secret: Base64Url;
  readonly locale: Locale;
}

export interface PushKey {
  readonly publicKey: string;
  readonly privateKey: string;
}

type Tables = { pushSubscriptions: Subscription; pushKeys: PushKey & { isSingle: boolean } };

export type PushStore = ReturnType<typeof createPushStore>;

export function createPushStore(database: Database) {
  const tables = database.withTables<Tables>();

  return {
    /** The key that is there, else this one: whichever of two nodes writes first. */
    async keepKey(key: PushKey): Promise<PushKey> {
      await tables
        .insertInto('pushKeys')
        .values({ isSingle: true, ...key })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return found(await tables.selectFrom('pushKeys').select(['publicKey', 'privateKey']).executeTakeFirst(), 'push key');
    },

    /** A browser belongs to whoever subscribed it last. False with `max` others of the account. */
    async add(subscription: Subscription, max: number): Promise<boolean> {
      const { endpoint, accountId, sessionId, publicKey, secret, locale } = subscription;
      const { rows } = await sql`
        insert into push_subscriptions (endpoint, account_id, session_id, public_key, secret, locale)
        select ${endpoint}, ${accountId}, ${sessionId}, ${publicKey}, ${secret}, ${locale}
        where (select count(*) from push_subscriptions where account_id = ${accountId} and endpoint <> ${endpoint}) < ${max}
        on conflict (endpoint) do update set account_id = excluded.account_id, session_id = excluded.session_id,
          public_key = excluded.public_key, secret = excluded.secret, locale = excluded.locale
        returning endpoint`.execute(database);
      return rows.length === 1;
    },

    async remove(endpoint: string, accountId?: AccountId): Promise<void> {
      let query = tables.deleteFrom('pushSubscriptions').where('endpoint', '=', endpoint);
      if (accountId !== undefined) query = query.where('accountId', '=', accountId);
      await query.execute();
    },

    async listOf(accountId: AccountId): Promise<readonly Subscription[]> {
      return await tables
        .selectFrom('pushSubscriptions')
        .select(['endpoint', 'accountId', 'sessionId', 'publicKey', 'secret', 'locale'])
        .where('accountId', '=', accountId)
        .execute();
    },

    /** Those of these accounts that have a browser which can be told. */
    async reachable(accountIds: readonly AccountId[]): Promise<ReadonlySet<AccountId>> {
      if (accountIds.length === 0) return new Set();
      const rows = await tables
        .selectFrom('pushSubscriptions')
        .select('accountId')
        .distinct()
        .where('accountId', '=', sql<AccountId>`any(${[...accountIds]}::text[])`)
        .execute();
      return new Set(rows.map(({ accountId }) => accountId));
    },
  };
}
