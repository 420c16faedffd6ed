import { createHash } from 'node:crypto';
import type { CallMember, CallMembers, CallParticipant, CallRole, CallView, PeerId } from '../../server/protocol/calls.ts';
import { idOf, newId, type AccountId } from '../../server/protocol/ids.ts';

const hash = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** Whoever is named like this in a test, in every process of it. */
export function accountOf(name: string): AccountId {
  return idOf(hash(`account ${name}`));
}

const roles: Readonly<Record<string, CallRole>> = {
  citizen: 'citizen',
  official: 'official',
  captioner: 'captioner',
  interpreter: 'interpreter',
};
const conversationId = idOf<'conversation'>(hash('conversation').subarray(0, 16));

/** A call of a test, as its server would tell of it: all the names are in it, and who has joined is a member. */
export class CallRoster {
  readonly callId = newId<'call'>();
  readonly #names: readonly string[];
  #members: readonly CallMember[] = [];
  #round = 0;
  #held = false;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  get members(): CallMembers {
    return { round: this.#round, members: this.#members };
  }

  get view(): CallView {
    const participants = this.#names.map((name): CallParticipant => ({
      accountId: accountOf(name),
      role: roleOf(name),
      displayName: name,
    }));
    return {
      callId: this.callId,
      conversationId,
      state: 'active',
      reason: null,
      citizenId: accountOf('citizen'),
      official: { accountId: accountOf('official'), displayName: 'official', officeId: idOf(hash('office').subarray(0, 16)) },
      participants,
      asked: [],
      held: this.#held,
      startedAt: 0,
      answeredAt: 0,
      endedAt: null,
    };
  }

  /** True when this page is new. */
  join(name: string, peerId: PeerId): boolean {
    if (this.#members.some((member) => member.peerId === peerId)) return false;
    const member = { peerId, accountId: accountOf(name), role: roleOf(name), deviceId: null, grant: null };
    this.#change([...this.#members.filter(({ accountId }) => accountId !== member.accountId), member]);
    return true;
  }

  /** True when it was there. */
  leave(peerId: string): boolean {
    const rest = this.#members.filter((member) => member.peerId !== peerId);
    if (rest.length === this.#members.length) return false;
    this.#change(rest);
    return true;
  }

  setHeld(held: boolean): void {
    this.#held = held;
  }

  #change(members: readonly CallMember[]): void {
    this.#members = members;
    this.#round += 1;
  }
}

function roleOf(name: string): CallRole {
  return roles[name] ?? 'colleague';
}
