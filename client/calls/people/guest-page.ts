import { html, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { SessionView } from '../../../server/protocol/accounts.ts';
import { fromBase64Url, toBase64Url, type Base64Url } from '../../../server/protocol/base64url.ts';
import type { CallInviteId, CallView } from '../../../server/protocol/calls.ts';
import type { AccountId } from '../../../server/protocol/ids.ts';
import { guestKeys } from '../../crypto/call-guest.ts';
import { errorText } from '../../i18n/error-text.ts';
import { t } from '../../i18n/translate.ts';
import type { Http } from '../../net/http.ts';
import { RequestError } from '../../net/request-error.ts';
import type { Connection } from '../../net/socket.ts';
import { untilAnswered } from '../../net/until-answered.ts';
import { GovPage } from '../../ui/gov-page.ts';
import { callWords, endedText, wayTo } from '../after/call-ending.ts';
import '../call-screen.ts';
import { CallSession } from '../call-session.ts';
import '../calls.css';
import { nothingKept } from './compared-keys.ts';
import type { GuestAddress } from './guest-address.ts';
import { guestDrafts } from './guest-drafts.ts';
import { guestIdentities } from './guest-identities.ts';
import { guestWelcome } from './guest-welcome.ts';
import type { JoinWith } from '../join-form.ts';
import type { NamePerson } from './tile-people.ts';

type Ending = 'replaced' | 'unsupported' | 'removed' | 'left' | 'over';

/** The way of a guest: who asks him in and what he will see; the call; how it ended. Without an account, by a link that works once. */
export class GuestPage extends GovPage {
  static override properties = {
    address: { attribute: false },
    http: { attribute: false },
    connect: { attribute: false },
    nameOf: { attribute: false },
    signedInAs: { attribute: false },
    call: { state: true },
    ending: { state: true },
    entering: { state: true },
    refusal: { state: true },
  };
  /** Null when the page's address is no link. */
  declare address: GuestAddress | null;
  declare http: Http;
  /** Opens a line to the server, with the session the browser has then. */
  declare connect: () => Connection;
  declare nameOf: (address: GuestAddress) => NamePerson;
  /** Somebody's own account in this browser, which the guest's session takes the place of; null: nobody's. */
  declare signedInAs: AccountId | null;
  declare call: CallView | null;
  declare ending: Ending | null;
  declare entering: boolean;
  /** Why the link was not taken. */
  declare refusal: string | null;
  #connection: Connection | null = null;
  #session: CallSession | null = null;
  #stop: (() => void) | null = null;
  #isLeaving = false;

  constructor() {
    super();
    this.signedInAs = null;
    this.call = null;
    this.ending = null;
    this.entering = false;
    this.refusal = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#leaveCall();
  }

  protected override render(): TemplateResult {
    const { address, call, ending } = this;
    if (address === null) return callWords(t('guests.noLinkTitle'), t('guests.noLinkText'), [wayTo('/', t('shell.home'))]);
    if (this.refusal !== null && !this.entering) return callWords(t('guests.refusedTitle'), this.refusal, []);
    if (ending !== null) return this.#ended(address, ending);
    return call === null || this.#session === null ? this.#welcome(address) : this.#running(address, call, this.#session);
  }

  #welcome(address: GuestAddress): TemplateResult {
    return html`<div class="frame call-words-page">
      ${guestWelcome({ address, isEntering: this.entering, takesSession: this.signedInAs !== null, onJoin: (choice) => void this.#enter(address, choice) })}
    </div>`;
  }

  #running(address: GuestAddress, call: CallView, session: CallSession): TemplateResult {
    const nameOf = this.nameOf(address);
    return html`<div class="call-page">
      <h1 class="call-title">${t('calls.title', { name: call.official.displayName })}</h1>
      ${keyed(
        session,
        html`<gov-call-screen
          .session=${session}
          .role=${address.role}
          .nameOf=${nameOf}
          .leaveText=${t('calls.leaveCall')}
          .onLeave=${this.#leave}
        ></gov-call-screen>`,
      )}
    </div>`;
  }

  #ended(address: GuestAddress, ending: Ending): TemplateResult {
    if (ending === 'unsupported') return callWords(t('safety.unsupportedTitle'), t('safety.unsupportedText'), []);
    if (ending === 'left') return callWords(t('calls.leftTitle'), t('guests.leftText', { name: address.inviter }), []);
    if (ending === 'removed') return callWords(t('calls.removedTitle'), t('calls.removedText'), []);
    if (ending === 'over')
      return callWords(t('calls.endedTitle'), this.call === null ? t('guests.overText') : endedText(this.call, address.role), []);
    return callWords(t('calls.elsewhereTitle'), t('calls.elsewhereText'), [
      html`<button class="button" @click=${() => void this.#enter(address, [])}>${t('calls.takeBack')}</button>`,
    ]);
  }

  async #enter(address: GuestAddress, joinWith: JoinWith): Promise<void> {
    if (this.entering) return;
    this.entering = true;
    this.ending = null;
    this.refusal = null;
    try {
      await this.#useLink(address);
      await this.#join(address, joinWith);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.refusal = error.code === 'invitation_invalid' ? t('guests.refusedText') : errorText(error.code);
    } finally {
      this.entering = false;
    }
    await this.updateComplete;
    this.querySelector<HTMLElement>('h1')?.focus();
  }

  /** The link is used up by the first page that enters; a reload has its session already. */
  async #useLink({ link }: GuestAddress): Promise<void> {
    const { accountId, token } = guestKeys(link.secret);
    const present: SessionView | null = await this.http('GET /api/session');
    if (present?.accountId !== accountId)
      await this.http('POST /api/calls/guests', {
        inviteId: link.inviteId,
        accountId,
        token: toBase64Url(token),
        attempt: attemptOf(link.inviteId),
      });
  }

  async #join(address: GuestAddress, joinWith: JoinWith): Promise<void> {
    this.#leaveCall();
    const connection = this.connect();
    this.#connection = connection;
    const { request, on } = connection;
    const { calls } = await untilAnswered(
      async () => await request('call:list-mine', {}),
      () => this.#connection === connection,
    );
    const [call] = calls;
    if (call === undefined) {
      this.#end('over');
      return;
    }
    this.call = call;
    const identities = guestIdentities(address.link);
    const session = new CallSession({
      callId: call.callId,
      request,
      on,
      line: connection,
      identities,
      role: () => address.role,
      comparisons: nothingKept,
      drafts: guestDrafts(address.link),
      joinWith,
    });
    this.#session = session;
    this.#stop = on('call:changed', (fact) => fact.call.callId === call.callId && this.#changed(fact.call, identities.accountId));
    session.onEnd((end) => this.#end(end !== 'ended' ? end : this.call?.state === 'ended' ? 'over' : 'removed'));
    this.requestUpdate();
  }

  #changed(call: CallView, me: AccountId): void {
    this.call = call;
    if (call.state === 'ended') this.#end('over');
    else if (!call.participants.some(({ accountId }) => accountId === me)) this.#end('removed');
  }

  #end(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = this.#isLeaving && ending === 'removed' ? 'left' : ending;
    this.#leaveCall();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('h1')?.focus());
  }

  #leaveCall(): void {
    this.#stop?.();
    this.#session?.close({ isOver: this.ending === 'over' || this.ending === 'left' || this.ending === 'removed' });
    this.#session = null;
    this.#connection?.close();
    this.#connection = null;
  }

  readonly #leave = async (): Promise<void> => {
    const { call } = this;
    // That he is not in the call any more may be heard before the answer.
    this.#isLeaving = true;
    try {
      if (call !== null) await this.#connection?.request('call:leave', { callId: call.callId });
    } catch (error) {
      // The page goes all the same; the server notices that nothing comes any more.
      if (!(error instanceof RequestError)) throw error;
    }
    this.#end('left');
  };
}

/** This tab's word for having used the link up, the same after a reload: the answer to the first time may not have come. */
function attemptOf(inviteId: CallInviteId): Base64Url {
  const place = `guest-${inviteId}`;
  const kept = sessionStorage.getItem(place);
  const attempt = kept === null ? crypto.getRandomValues(new Uint8Array(32)) : fromBase64Url(kept);
  sessionStorage.setItem(place, toBase64Url(attempt));
  return toBase64Url(attempt);
}

customElements.define('gov-guest-page', GuestPage);
