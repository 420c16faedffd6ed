import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import { roles } from '../protocol/roles.ts';
import { AccountStore } from './account-store.ts';
import { extendAccount, type ExtensionDependencies } from './extension.ts';
import { type PasskeyCommands, passkeyHandlers } from './passkey-handlers.ts';
import { extendSchema, loadAccountsSchema, nothingSchema } from './schemas.ts';
import { type SessionCommands, sessionHandlers } from './session-handlers.ts';

/** What people know of each other's keys, and what each does with his own account. */
export function accountHandlers(
  dependencies: ExtensionDependencies,
): Handlers<'account:load' | 'account:load-boxes' | 'account:extend' | PasskeyCommands | SessionCommands> {
  const store = new AccountStore(dependencies.database);
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
    'account:extend': {
      allow: roles,
      schema: extendSchema,
      limit: { points: 20, perSeconds: 60 },
      run: async (extension, caller) => await extendAccount(extension, caller, dependencies),
    },
    ...passkeyHandlers(dependencies),
    ...sessionHandlers(dependencies),
  };
}
