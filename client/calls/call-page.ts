import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { CallRole, CallView } from '../../server/protocol/calls.ts';
import type { AccountId, CallId } from '../../server/protocol/ids.ts';
import { errorText } from '../i18n/error-text.ts';
import { t } from '../i18n/translate.ts';
import { askWhenBack } from '../net/ask-when-back.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { GovPage } from '../ui/gov-page.ts';
import { notice } from '../ui/notice.ts';
import { WatchAll } from '../ui/watch.ts';
import { callWords, endedText, wasAnswered, wayTo } from './after/call-ending.ts';
import type { CallIdentities } from './people/call-identities.ts';
import './call-screen.ts';
import { type CallLine, CallSession, type SessionEnding } from './call-session.ts';
import type { CallSurroundings } from './call-surroundings.ts';
import './calls.css';
import { prepareDevice } from './media/media-capabilities.ts';
import { formatJoinWith, joinForm, type JoinWith } from './join-form.ts';
import type { NamePerson } from './people/tile-people.ts';
import { keptTranscript } from './text/transcript.ts';

type Ending = SessionEnding | 'left';

/** The way of a person with an account through one call: how to join, the call itself, and how it ended. */
export class CallPage extends GovPage {
  static override properties = {
    callId: { attribute: false },
    accountId: { attribute: false },
    joinWith: { attribute: false },
    request: { attribute: false },
    on: { attribute: false },
    line: { attribute: false },
    identities: { attribute: false },
    surroundings: { attribute: false },
    call: { state: true },
    ending: { state: true },
    failure: { state: true },
  };
  declare callId: CallId;
  declare accountId: AccountId;
  /** Chosen before, as the address says; null: ask. */
  declare joinWith: JoinWith | null;
  declare request: RequestFunction;
  declare on: Subscribe;
  declare line: CallLine;
  declare identities: CallIdentities;
  declare surroundings: CallSurroundings;
  /** Undefined before the server has answered; null when there is no such call. */
  declare call: CallView | null | undefined;
  declare ending: Ending | null;
  declare failure: string | null;
  #session: CallSession | null = null;
  #isLeaving = false;
  #stops: (() => void)[] = [];

  constructor() {
    super();
    this.addController(new WatchAll(this, () => (this.surroundings.source === null ? [] : [this.surroundings.source])));
    this.joinWith = null;
    this.ending = null;
    this.failure = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const stop of this.#stops) stop();
    this.#stops = [];
    this.#leaveCall();
  }

  protected override firstUpdated(): void {
    const lookup = askWhenBack(
      { connection: this.line.state },
      async () => await this.#find(),
      () => (this.call ??= null),
    );
    this.#stops = [this.on('call:changed', ({ call }) => call.callId === this.callId && this.#changed(call)), lookup.stop];
  }

  protected override render(): TemplateResult {
    const { call, ending } = this;
    if (call === undefined)
      return html`<div class="frame call-words-page"><h1>${t('calls.joinTitle')}</h1><p class="loading">${t('calls.joining')}</p></div>`;
    if (call === null) return callWords(t('calls.noCallTitle'), t('calls.noCallText'), [wayTo('/', t('shell.home'))]);
    if (call.state === 'ended') return this.#ended(call);
    if (ending === 'unsupported') return this.#unsupported(call);
    if (ending !== null) return this.#elsewhere(call, ending);
    return this.#session === null ? this.#choices(call) : this.#running(call, this.#session);
  }

  /** This person's, as the call lists him. */
  #roleIn(call: CallView): CallRole {
    return call.participants.find(({ accountId }) => accountId === this.accountId)?.role ?? 'colleague';
  }

  #titleOf(call: CallView): string {
    const role = this.#roleIn(call);
    const other = call.participants.find((each) => each.role === (role === 'official' ? 'citizen' : 'official'));
    return other === undefined ? t('calls.citizen') : fullName(this.surroundings.nameOf(other, call));
  }

  #choices(call: CallView): TemplateResult {
    const form = joinForm({
      name: this.#titleOf(call),
      checkPath: `/device-check?call=${call.callId}`,
      onJoin: (choice) => this.#join(call, choice),
    });
    return html`<div class="frame call-words-page">${form}</div>`;
  }

  #running(call: CallView, session: CallSession): TemplateResult {
    const { surroundings } = this;
    const role = this.#roleIn(call);
    return html`<div class="call-page">
      <h1 class="call-title">${t('calls.title', { name: this.#titleOf(call) })}</h1>
      ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
      ${keyed(
        session,
        html`<gov-call-screen
          .session=${session}
          .role=${role}
          .nameOf=${surroundings.nameOf}
          .ownName=${surroundings.ownName}
          .bar=${role === 'official' ? surroundings.bar : null}
          .conversation=${() => surroundings.messages(call)}
          .writePath=${surroundings.conversationPath(call)}
          .leaveText=${t(role === 'colleague' ? 'calls.leaveCall' : 'calls.leave')}
          .onLeave=${role === 'colleague' ? this.#leave : this.#hangUp}
        ></gov-call-screen>`,
      )}
    </div>`;
  }

  #ended(call: CallView): TemplateResult {
    const { surroundings } = this;
    const role = this.#roleIn(call);
    if (surroundings.after !== null && role !== 'colleague' && wasAnswered(call)) return surroundings.after(call);
    const waiting = surroundings.waitingPath(call);
    const ways = [
      ...(waiting === null ? [] : [wayTo(waiting, t(role === 'citizen' ? 'calls.toLine' : 'calls.toDesk'))]),
      wayTo(surroundings.conversationPath(call), t('calls.toConversation'), waiting === null),
    ];
    return callWords(t('calls.endedTitle'), endedText(call, role), ways);
  }

  /** Fails closed: what cannot be sealed is not sent. */
  #unsupported(call: CallView): TemplateResult {
    const { conversationPath, bookingPath } = this.surroundings;
    const booking = bookingPath(call);
    return callWords(t('safety.unsupportedTitle'), t('safety.unsupportedText'), [
      wayTo(conversationPath(call), t('safety.unsupportedWrite')),
      ...(booking === null ? [] : [wayTo(booking, t('safety.unsupportedBook'), false)]),
    ]);
  }

  #elsewhere(call: CallView, ending: Exclude<Ending, 'unsupported'>): TemplateResult {
    const again = (text: string): TemplateResult =>
      html`<button class="button" @click=${() => this.#join(call, this.joinWith ?? [])}>${text}</button>`;
    if (ending === 'replaced') return callWords(t('calls.elsewhereTitle'), t('calls.elsewhereText'), [again(t('calls.takeBack'))]);
    const toConversation = wayTo(this.surroundings.conversationPath(call), t('calls.toConversation'), false);
    if (ending === 'left')
      return callWords(t('calls.leftTitle'), t('calls.leftText', { name: call.official.displayName }), [toConversation]);
    return callWords(t('calls.removedTitle'), t('calls.removedText'), [toConversation]);
  }

  /** How it stands. Throws a RequestError. */
  async #find(): Promise<void> {
    const before = this.call;
    if (before?.state === 'ended') return;
    const call = await this.request('call:read', { callId: this.callId });
    // What was told meanwhile is newer.
    if (!before) this.#found(this.call ?? call);
    else if (this.call === before) this.#changed(call);
  }

  #found(call: CallView): void {
    this.call = call;
    if (call.state === 'ended') return;
    // While the person reads and the browser asks: what the others are known by comes in the meantime.
    this.identities.ready(call).catch(() => undefined);
    if (this.joinWith === null) void prepareDevice(this.request, this.callId);
    else if (this.#session === null) this.#join(call, this.joinWith);
  }

  #changed(call: CallView): void {
    const wasOut = this.ending !== null && !this.#isIn(this.call);
    this.call = call;
    // Gone from it, and asked in once more.
    if (wasOut && this.#isIn(call)) this.ending = null;
    if (call.state === 'ended') this.#end('ended');
  }

  #isIn(call: CallView | null | undefined): boolean {
    return call?.participants.some(({ accountId }) => accountId === this.accountId) === true;
  }

  #join(call: CallView, joinWith: JoinWith): void {
    this.#leaveCall();
    this.#remember(joinWith);
    this.ending = null;
    const { callId, request, on, line, identities } = this;
    const { comparisons, drafts } = this.surroundings;
    const role = (): CallRole => this.#roleIn(this.call ?? call);
    const session = new CallSession({ callId, request, on, line, identities, role, comparisons, drafts, joinWith });
    session.devices.state.subscribe(() => this.#remember(session.sends));
    this.#session = session;
    session.onEnd((ending) => void this.#endSession(session, ending));
    this.requestUpdate();
  }

  /** A reload joins again with what was being sent. */
  #remember(kinds: JoinWith): void {
    this.joinWith = kinds;
    history.replaceState(history.state, '', `${location.pathname}?join=${formatJoinWith(kinds)}`);
  }

  /** That the session is over says nothing of the call: it may have ended while there was no line, or go on without this person. */
  async #endSession(session: CallSession, ending: SessionEnding): Promise<void> {
    // Without an answer it is looked up once more when the line is back.
    if (ending === 'ended' && this.call?.state !== 'ended' && !this.#isLeaving)
      await this.#find().catch((error: unknown) => {
        if (!(error instanceof RequestError)) throw error;
      });
    if (this.#session === session) this.#end(ending);
  }

  #end(ending: Ending): void {
    if (this.ending !== null) return;
    this.ending = this.#isLeaving && ending === 'ended' ? 'left' : ending;
    this.#keepText();
    this.#leaveCall();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('h1')?.focus());
  }

  /** Only the official's page writes it down, or there would be two. */
  #keepText(): void {
    const { call } = this;
    const session = this.#session;
    if (!call || !session || this.#roleIn(call) !== 'official') return;
    const lines = keptTranscript(session, (person) => this.surroundings.nameOf(person, call).name);
    if (lines !== null) this.surroundings.keepText?.(call, lines);
  }

  #leaveCall(): void {
    this.#session?.close({ isOver: this.call?.state === 'ended' });
    this.#session = null;
  }

  readonly #hangUp = (): void =>
    void this.#try(async () => {
      this.#changed(await this.request('call:hang-up', { callId: this.callId }));
    });

  readonly #leave = (): void =>
    void this.#try(async () => {
      // That this page is out of the room may be heard before the answer.
      this.#isLeaving = true;
      try {
        await this.request('call:leave', { callId: this.callId });
        this.#end('left');
      } finally {
        this.#isLeaving = false;
      }
    });

  async #try(act: () => Promise<void>): Promise<void> {
    this.failure = null;
    try {
      await act();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = errorText(error.code);
    }
  }
}

function fullName({ name, title }: ReturnType<NamePerson>): string {
  return title === '' ? name : t('calls.tileName', { name, office: title });
}

customElements.define('gov-call-page', CallPage);
