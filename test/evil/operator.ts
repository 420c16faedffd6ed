import { sql } from 'kysely';
import type { Database } from '../../server/platform/database.ts';
import type { AccountId, InboxId } from '../../server/protocol/ids.ts';

/** Makes an account one of an inbox's members for the server, without any link that says so. */
export async function addToInboxByForce(database: Database, inboxId: InboxId, accountId: AccountId): Promise<void> {
  await sql`insert into inbox_members (inbox_id, account_id, role) values (${inboxId}, ${accountId}, 'member')`.execute(database);
}
