import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import { roles } from '../protocol/roles.ts';
import { AccountStore } from './account-store.ts';
import { loadAccountsSchema, nothingSchema } from './schemas.ts';

/** What people know of each other's keys, and each of his own. */
export function accountHandlers({ database }: { readonly database: Database }): Handlers<'account:load' | 'account:load-boxes'> {
  const store = new AccountStore(database);
  return {
    'account:load': {
      allow: roles,
      schema: loadAccountsSchema,
      limit: { points: 120, perSeconds: 60 },
      async run({ accountIds }) {
        const [accounts, links] = await Promise.all([
          store.findNames(accountIds),
          store.findLinks(accountIds.map((accountId) => ({ accountId, seqno: 0 }))),
        ]);
        return {
          accounts: accounts.map(({ accountId, displayName }) => ({
            accountId,
            displayName,
            links: links.filter((link) => link.accountId === accountId).map(({ link }) => toBase64Url(link)),
          })),
        };
      },
    },
    'account:load-boxes': {
      allow: roles,
      schema: nothingSchema,
      limit: { points: 60, perSeconds: 60 },
      async run(_, { accountId, deviceId }) {
        if (!deviceId) throw new AppError('forbidden', 'this browser has no keys of the account');
        const generations = await store.findBoxes(accountId, deviceId);
        return {
          generations: generations.map(({ generation, box, previousBox }) => ({
            generation,
            box: box && toBase64Url(box),
            recipientGeneration: null,
            previousBox: previousBox && toBase64Url(previousBox),
          })),
        };
      },
    },
  };
}
