import { type CallMember, type CallRole, type CallView, guestRoles } from '../../server/protocol/calls.ts';
import { type Base64Url, fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { memberChain, findMembership } from '../../server/protocol/inbox-state.ts';
import { type AccountId, type ConversationId, type DeviceId, idOf } from '../../server/protocol/ids.ts';
import { CryptoError, equalBytes } from '../../server/protocol/sodium.ts';
import { activeDevices, type DeviceState, originOf } from '../../server/protocol/user-state.ts';
import type { CallIdentities } from '../calls/people/call-identities.ts';
import type { Conversation } from '../conversations/conversation.ts';
import { type Grant, openGrant } from '../crypto/call-guest.ts';
import { waitUntil } from '../net/observable.ts';
import type { Account } from './account.ts';

/** Chains of the last minute will do, as for messages, unless somebody says that they have changed. */
const freshMs = 60_000;

/**
 * Who an account is in calls, and how it knows the others: the citizen by his chain, officials by the inbox that the conversation's
 * epoch in force names, guests by what one of these has signed. Nothing of it is the server's word.
 */
export function createCallIdentities(
  { keyring, directory, inboxChains, reader }: Pick<Account, 'keyring' | 'directory' | 'inboxChains' | 'reader'>,
  conversation: (conversationId: ConversationId) => Conversation,
): CallIdentities {
  const { accountId, device } = keyring;
  let staleSince = -Infinity;
  const user = (userId: Uint8Array) => directory.find(idOf(userId))?.chain;

  const load = async ({ conversationId }: CallView, accountIds: readonly AccountId[]) => {
    const parties = conversation(conversationId).state.value.inForce?.parties;
    if (!parties) throw new Error('the conversation has not been read yet');
    const inboxId = idOf<'inbox'>(parties.inboxId);
    await reader.loadChains({ accountIds, inboxIds: [inboxId] }, { maxAgeMs: Math.min(freshMs, Date.now() - staleSince) });
    return { parties, inboxId };
  };

  /** The devices that may speak for him in this call; none when he belongs to nobody of it. */
  const devicesOf = async (call: CallView, person: AccountId): Promise<readonly DeviceState[]> => {
    const { parties, inboxId } = await load(call, [person]);
    const userId = fromBase64Url(person);
    if (equalBytes(userId, parties.citizenId)) {
      const chain = user(userId);
      return chain ? activeDevices(chain) : [];
    }
    const inbox = inboxChains.find(inboxId);
    const stay = inbox && findMembership(inbox, userId);
    return stay ? activeDevices(memberChain(inbox, stay, { user })) : [];
  };

  const guestKey = async (call: CallView, { accountId: guest, grant, role }: CallMember) => {
    if (grant === null) return null;
    const word = readGrant(grant, { callId: call.callId, accountId: guest });
    if (word === null) return null;
    const devices = await devicesOf(call, word.inviterId);
    const isInvited = word.role === role && devices.some(({ signPk }) => equalBytes(signPk, word.inviterPk));
    return isInvited ? { signPk: word.guestPk } : null;
  };

  const deviceKey = async (call: CallView, person: AccountId, deviceId: DeviceId | null) => {
    const devices = await devicesOf(call, person);
    return devices.find((candidate) => idOf(candidate.deviceId) === deviceId) ?? null;
  };

  return {
    accountId,
    signPk: device.signPk,
    signSk: device.signSk,
    isGuest: false,
    ready: async (call) => {
      await waitUntil(conversation(call.conversationId).state, ({ inForce }) => inForce !== null);
      const people = call.participants.filter(({ role }) => !isGuestRole(role)).map(({ accountId: person }) => person);
      // Ahead of their first words, so that nobody's keys wait for two requests. Whoever is verified asks himself for what is missing then.
      load(call, people).catch(() => undefined);
    },
    identityOf: (person) => {
      const chain = directory.find(person)?.chain;
      return chain ? toBase64Url(originOf(chain)) : null;
    },
    epochs: ({ conversationId }) => conversation(conversationId).state.value.inForce?.epochLinks ?? [],
    refresh: () => void (staleSince = Date.now()),
    verify: async (call, member) => {
      return isGuestRole(member.role) ? await guestKey(call, member) : await deviceKey(call, member.accountId, member.deviceId);
    },
  };
}

function isGuestRole(role: CallRole): boolean {
  return guestRoles.some((guest) => guest === role);
}

/** Null for what nobody has signed for this guest. */
function readGrant(grant: Base64Url, guest: Pick<CallMember, 'accountId'> & Pick<CallView, 'callId'>): Grant | null {
  try {
    return openGrant(fromBase64Url(grant), guest);
  } catch (error) {
    if (error instanceof CryptoError || error instanceof RangeError) return null;
    throw error;
  }
}
