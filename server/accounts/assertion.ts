import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { Database } from '../platform/database.ts';
import type { Log } from '../platform/log.ts';
import type { Base64Url } from '../protocol/base64url.ts';
import type { Role } from '../protocol/roles.ts';
import { checkAuthentication, refusal, type RelyingParty } from './ceremony.ts';
import { type Passkey, PasskeyStore } from './passkey-store.ts';

export interface AssertionDependencies {
  readonly database: Database;
  readonly party: RelyingParty;
  readonly log: Log;
}

/** Whose passkey this is a valid, first use of; `use` counts it. Throws `passkey_refused` for every cause. */
export async function checkAssertion(
  response: AuthenticationResponseJSON,
  challenge: Base64Url,
  { database, party, log }: AssertionDependencies,
): Promise<{ readonly passkey: Passkey & { readonly role: Role }; readonly use: () => Promise<void> }> {
  const passkeys = new PasskeyStore(database);
  const passkey = await passkeys.find(response.id);
  if (!passkey) throw refusal('no such passkey');
  const { isChanged, ...state } = await checkAuthentication(party, response, challenge, passkey);
  if (isChanged) {
    log.error({ alarm: 'passkey-backup-changed', account: passkey.accountId }, 'a passkey may have been copied');
    throw refusal('the backup eligibility has changed');
  }
  return {
    passkey,
    async use() {
      if (await passkeys.use(passkey.credentialId, state)) return;
      log.error({ alarm: 'passkey-counter', account: passkey.accountId }, 'a passkey may have been copied');
      throw refusal('the counter does not go up');
    },
  };
}
