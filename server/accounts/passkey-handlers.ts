import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import { type Database, transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import type { AccountId, SessionId } from '../protocol/ids.ts';
import { memberRoles } from '../protocol/roles.ts';
import { AccountStore } from './account-store.ts';
import { PasskeyStore } from './passkey-store.ts';
import { nothingSchema, removePasskeySchema, renamePasskeySchema } from './schemas.ts';
import { SessionStore } from './session-store.ts';
import { requireConfirmed } from './sessions.ts';

export type PasskeyCommands = 'passkey:list' | 'passkey:rename' | 'passkey:remove';

export interface PasskeyHandlersDependencies {
  readonly database: Database;
  readonly notify: Notify;
  readonly endSockets: (sessionId: SessionId) => void;
}

/** The caller's own passkeys. */
export function passkeyHandlers({ database, notify, endSockets }: PasskeyHandlersDependencies): Handlers<PasskeyCommands> {
  const tellOwner = async (accountId: AccountId): Promise<void> =>
    notify({ account: accountId }, 'account:changed', { accountId, head: await new AccountStore(database).findHead(accountId) });
  return {
    'passkey:list': {
      allow: memberRoles,
      schema: nothingSchema,
      limit: { points: 60, perSeconds: 60 },
      async run(_, { accountId, sessionId }) {
        const [passkeys, current] = await Promise.all([
          new PasskeyStore(database).list(accountId),
          new SessionStore(database).findCredential(sessionId),
        ]);
        return {
          passkeys: passkeys.map(({ credentialId, label, backupEligible, createdAt, lastUsedAt }) => ({
            credentialId,
            label: label && toBase64Url(label),
            isSynced: backupEligible,
            createdAt: createdAt.getTime(),
            lastUsedAt: lastUsedAt?.getTime() ?? null,
            isCurrent: credentialId === current,
          })),
        };
      },
    },
    'passkey:rename': {
      allow: memberRoles,
      schema: renamePasskeySchema,
      limit: { points: 30, perSeconds: 60 },
      async run({ credentialId, label }, { accountId }) {
        if (!(await new PasskeyStore(database).rename(accountId, credentialId, label && fromBase64Url(label))))
          throw new AppError('not_found', 'the account has no such passkey');
        await tellOwner(accountId);
        return {};
      },
    },
    'passkey:remove': {
      allow: memberRoles,
      schema: removePasskeySchema,
      limit: { points: 30, perSeconds: 60 },
      async run({ credentialId }, { accountId, sessionId }) {
        const ended = await transaction(database, async (trx) => {
          // Two who remove the last two at the same time would each see one left.
          await new AccountStore(trx).lock([accountId], 'update');
          await requireConfirmed(trx, sessionId);
          const passkeys = new PasskeyStore(trx);
          const kept = await passkeys.list(accountId);
          if (!kept.some((passkey) => passkey.credentialId === credentialId)) return [];
          if (kept.length === 1) throw new AppError('last_way_in', 'the only passkey');
          await passkeys.remove(accountId, [credentialId]);
          return await new SessionStore(trx).remove(accountId, { credentialIds: [credentialId], except: sessionId });
        });
        for (const session of ended) endSockets(session);
        await tellOwner(accountId);
        return {};
      },
    },
  };
}
