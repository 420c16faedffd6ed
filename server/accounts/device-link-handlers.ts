import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import type { Handlers } from '../platform/commands.ts';
import type { Database } from '../platform/database.ts';
import { fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import type { DeviceLinkCommands } from '../protocol/device-links.ts';
import type { DeviceLinkId } from '../protocol/ids.ts';
import { memberRoles } from '../protocol/roles.ts';
import { AccountStore } from './account-store.ts';
import { deviceLinkSchema, findLinkSchema, receiveSchema, sendSchema } from './device-link-schemas.ts';
import { type DeviceLink, DeviceLinkStore } from './device-link-store.ts';

const talkLimit = { points: 300, perSeconds: 60 };

/** The side of the device that lets the new one in: it has keys, and its account is the only one the link ever has. */
export function deviceLinkHandlers({ database }: { readonly database: Database }): Handlers<keyof DeviceLinkCommands> {
  const store = new DeviceLinkStore(database);
  const claim = async (which: { number: string } | { deviceLinkId: DeviceLinkId }, caller: Caller): Promise<DeviceLink> => {
    if (!caller.deviceId) throw new AppError('forbidden', 'this browser has no keys of the account');
    const link = await store.claim(which, caller.accountId, await new AccountStore(database).findHead(caller.accountId));
    if (!link) throw new AppError('not_found', 'no such link for the account');
    return link;
  };
  return {
    'device-link:find': {
      allow: memberRoles,
      schema: findLinkSchema,
      // Of 10^8 numbers a few hundred are open at a time: nobody finds one by trying.
      limit: { points: 10, perSeconds: 60 },
      async run(which, caller) {
        const { deviceLinkId, isOver } = await claim(which, caller);
        if (isOver) throw new AppError('not_found', 'the link is over');
        return { deviceLinkId };
      },
    },
    'device-link:send': {
      allow: memberRoles,
      schema: sendSchema,
      limit: talkLimit,
      async run({ deviceLinkId, index, message }, caller) {
        const { isOver } = await claim({ deviceLinkId }, caller);
        if (isOver) throw new AppError('closed', 'the link is over');
        if (!(await store.addMessage(deviceLinkId, 'old', index, fromBase64Url(message))))
          throw new AppError('conflict', 'another message has this index');
        return {};
      },
    },
    'device-link:receive': {
      allow: memberRoles,
      schema: receiveSchema,
      limit: talkLimit,
      async run({ deviceLinkId, after }, caller) {
        const { isOver } = await claim({ deviceLinkId }, caller);
        return { messages: (await store.findMessages(deviceLinkId, 'new', after)).map(toBase64Url), isOver };
      },
    },
    'device-link:end': {
      allow: memberRoles,
      schema: deviceLinkSchema,
      limit: talkLimit,
      async run({ deviceLinkId }, caller) {
        await claim({ deviceLinkId }, caller);
        await store.end(deviceLinkId);
        return {};
      },
    },
  };
}
