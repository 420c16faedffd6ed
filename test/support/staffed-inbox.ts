import type { InboxBody } from '../../server/protocol/inbox-bodies.ts';
import { createDevice } from '../../client/crypto/device.ts';
import { signInboxLink } from '../../client/crypto/inbox-keys.ts';
import { coSignLink } from '../../client/crypto/sign-link.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { type Inbox, type Person, World } from './gim-world.ts';

await cryptoReady;

/** Who may sign is judged before anything is opened, so any seed will do. */
export const anyKeys = { ...createDevice('browser'), generation: 1 };

/** An inbox with one person of every role. */
export function staffed() {
  const world = new World();
  const [owner, admin, member, auditor, outsider] = [world.person(), world.person(), world.person(), world.person(), world.person()];
  const inbox = world.inbox(owner);
  inbox.add(owner, admin, 'admin');
  inbox.add(owner, member, 'member');
  inbox.add(owner, auditor, 'auditor');
  return { world, inbox, owner, admin, member, auditor, outsider };
}

/** Appends a link without boxes, as a server would: verified as arriving now. */
export function tryBody(inbox: Inbox, by: Person, body: InboxBody, ...coSigners: Person[]): void {
  const link = coSigners.reduce((signed, person) => coSignLink(signed, person.device), signInboxLink(inbox.state, by.signer, body));
  inbox.append({ link, boxes: [], prevBox: null });
}
