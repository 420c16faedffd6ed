import { toBase64Url } from '../../../server/protocol/base64url.ts';
import type { CallInvite, CallInviteId, CallRole, Colleague, GuestRole } from '../../../server/protocol/calls.ts';
import { newId, type AccountId, type CallId } from '../../../server/protocol/ids.ts';
import { limits } from '../../../server/protocol/limits.ts';
import { createGrant, createGuestSecret, guestKeys, inviterKeyHash } from '../../crypto/call-guest.ts';
import type { MessageKey } from '../../i18n/areas.ts';
import { errorText } from '../../i18n/error-text.ts';
import { t } from '../../i18n/translate.ts';
import { Subject, type Observable } from '../../net/observable.ts';
import { RequestError } from '../../net/request-error.ts';
import { refresher } from '../../net/refresher.ts';
import type { RequestFunction } from '../../net/request.ts';
import type { Subscribe } from '../../net/subscribe.ts';
import { announcer } from '../../ui/announcer.ts';
import type { CallIdentities } from './call-identities.ts';
import { writeGuestAddress } from './guest-address.ts';

export interface CallTeamOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly identities: Pick<CallIdentities, 'accountId' | 'signPk' | 'signSk'>;
  /** This person's at the moment. */
  readonly role: () => CallRole;
}

export interface CallTeamState {
  readonly invites: readonly CallInvite[];
  /** Why the last act was refused, in words. */
  readonly failure: string | null;
}

/** A link that was just made: shown once, known to nobody else. */
export interface MadeInvite {
  readonly fragment: string;
  readonly expiresAt: number;
}

/** Who comes into a call and goes: invites, colleagues, hold and handing over. Whoever makes it closes it. */
export class CallTeam {
  readonly #options: CallTeamOptions;
  readonly #state = new Subject<CallTeamState>({ invites: [], failure: null });
  readonly #stop: () => void;
  readonly #refresh = refresher(async () => await this.#read());
  /** Guests this page has invited: their account ids follow from their links. */
  readonly #invited = new Set<AccountId>();

  constructor(options: CallTeamOptions) {
    this.#options = options;
    this.#stop = options.on('call:changed', ({ call }) => call.callId === options.callId && void this.#refresh());
    void this.#refresh();
  }

  get state(): Observable<CallTeamState> {
    return this.#state;
  }

  hasInvited(accountId: AccountId): boolean {
    return this.#invited.has(accountId);
  }

  /** A one-time link for somebody without an account. Null when it was refused; the reason is in the state. */
  async invite({ role, guest, inviter }: { role: GuestRole; guest: string; inviter: string }): Promise<MadeInvite | null> {
    const { callId, request, identities } = this.#options;
    const inviteId = newId<'call invite'>();
    const secret = createGuestSecret();
    const { token, accountId, signPk } = guestKeys(secret);
    const grant = createGrant(
      {
        callId,
        inviteId,
        guestPk: signPk,
        role,
        displayName: guest,
        expiresAt: Date.now() + limits.callInviteMs,
        inviterId: identities.accountId,
        inviterPk: identities.signPk,
      },
      identities.signSk,
    );
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(toBase64Url(token)));
    const invite = {
      callId,
      inviteId,
      role,
      displayName: guest,
      tokenHash: toBase64Url(new Uint8Array(digest)),
      grant: toBase64Url(grant),
    };
    const made = await this.#try(async () => await request('call:invite', invite));
    if (made === null) return null;
    this.#invited.add(accountId);
    void this.#refresh();
    const link = { inviteId, secret, inviterKeyHash: inviterKeyHash(identities.signPk) };
    return {
      fragment: writeGuestAddress({ link, inviter, guest, role, byCitizen: this.#options.role() === 'citizen' }),
      expiresAt: made.expiresAt,
    };
  }

  async withdraw(inviteId: CallInviteId): Promise<void> {
    const { callId, request } = this.#options;
    const withdrawn = await this.#try(async () => await request('call:withdraw-invite', { callId, inviteId }));
    if (withdrawn !== null) announcer().announce(t('guests.withdrawn', { name: withdrawn.displayName }));
    void this.#refresh();
  }

  /** Null when that cannot be said now. */
  async listColleagues(): Promise<readonly Colleague[] | null> {
    const { callId, request } = this.#options;
    return (await this.#try(async () => await request('call:list-colleagues', { callId })))?.colleagues ?? null;
  }

  async askColleague(accountId: AccountId): Promise<boolean> {
    const { callId, request } = this.#options;
    return (await this.#try(async () => await request('call:invite-colleague', { callId, accountId }), 'guests.refusedColleague')) !== null;
  }

  async transfer(accountId: AccountId): Promise<void> {
    const { callId, request } = this.#options;
    await this.#try(async () => await request('call:transfer', { callId, accountId }), 'guests.refusedTransfer');
  }

  async hold(held: boolean): Promise<void> {
    const { callId, request } = this.#options;
    await this.#try(async () => await request('call:hold', { callId, held }));
  }

  async remove(accountId: AccountId): Promise<void> {
    const { callId, request } = this.#options;
    await this.#try(async () => await request('call:remove', { callId, accountId }));
  }

  close(): void {
    this.#stop();
  }

  async #read(): Promise<void> {
    const { callId, request } = this.#options;
    const role = this.#options.role();
    if (role !== 'citizen' && role !== 'official') return;
    try {
      const { invites } = await request('call:list-invites', { callId });
      this.#state.set({ ...this.#state.value, invites });
    } catch (error) {
      // The list as it was known stays; the next change asks again.
      if (!(error instanceof RequestError)) throw error;
    }
  }

  /** `impossible`: what it means when it cannot be done as things are. */
  async #try<Answer>(act: () => Promise<Answer>, impossible: MessageKey = 'guests.refusedFull'): Promise<Answer | null> {
    this.#state.set({ ...this.#state.value, failure: null });
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.#state.set({ ...this.#state.value, failure: error.code === 'bad_state' ? t(impossible) : errorText(error.code) });
      return null;
    }
  }
}
