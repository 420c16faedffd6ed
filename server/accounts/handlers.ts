import { AppError } from '../platform/app-error.ts';
import type { Handlers } from '../platform/commands.ts';
import { toBase64Url } from '../protocol/base64url.ts';
import type { AccountCommands } from '../protocol/accounts.ts';
import type { DeviceLinkCommands } from '../protocol/device-links.ts';
import type { ResetCommands } from '../protocol/resets.ts';
import { memberRoles } from '../protocol/roles.ts';
import { AccountStore } from './account-store.ts';
import { deviceLinkHandlers } from './device-link-handlers.ts';
import { extendAccount, type ExtensionDependencies } from './extension.ts';
import { passkeyHandlers } from './passkey-handlers.ts';
import { resetHandlers } from './reset-handlers.ts';
import type { Resets } from './resets.ts';
import { extendSchema, loadAccountsSchema, nothingSchema } from './schemas.ts';
import { sessionHandlers } from './session-handlers.ts';

/** What people know of each other's keys, and what each does with his own account. */
export function accountHandlers(
  dependencies: ExtensionDependencies & { readonly resets: Resets },
): Handlers<Exclude<keyof AccountCommands, 'availability:set'> | keyof DeviceLinkCommands | keyof ResetCommands> {
  const store = new AccountStore(dependencies.database);
  return {
    'account:load': {
      allow: memberRoles,
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
      allow: memberRoles,
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
      allow: memberRoles,
      schema: extendSchema,
      limit: { points: 20, perSeconds: 60 },
      run: async (extension, caller) => await extendAccount(extension, caller, dependencies),
    },
    ...deviceLinkHandlers(dependencies),
    ...resetHandlers(dependencies),
    ...passkeyHandlers(dependencies),
    ...sessionHandlers(dependencies),
  };
}
