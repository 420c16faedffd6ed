import { html, nothing, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import type { CallView } from '../../server/protocol/calls.ts';
import type { CallId } from '../../server/protocol/ids.ts';
import { errorText } from '../i18n/error-text.ts';
import { fmt } from '../i18n/fmt.ts';
import { t } from '../i18n/translate.ts';
import type { Subscribe } from '../net/subscribe.ts';
import type { Observable } from '../net/observable.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import { GovPage } from '../ui/gov-page.ts';
import { href, navigate } from '../ui/navigate.ts';
import { notice } from '../ui/notice.ts';
import { CallConnection, type CallConnectionState } from './call-connection.ts';
import './call-screen.ts';
import './calls.css';
import { formatJoinWith, joinForm, type JoinWith } from './join-form.ts';
import { OwnDevices } from './own-devices.ts';

/** The way of a person through one call: how to join, the call itself, and how it ended. For either side. */
export class CallPage extends GovPage {
  static override properties = {
    callId: { attribute: false },
    joinWith: { attribute: false },
    request: { attribute: false },
    on: { attribute: false },
    line: { attribute: false },
    nameOther: { attribute: false },
    messages: { attribute: false },
    conversationPath: { attribute: false },
    call: { state: true },
    ending: { state: true },
    failure: { state: true },
  };
  declare callId: CallId;
  /** Chosen before, as the address says; null: ask. */
  declare joinWith: JoinWith | null;
  declare request: RequestFunction;
  declare on: Subscribe;
  /** The line to the server. */
  declare line: Observable<ConnectionState>;
  /** The other person as this side reads it. */
  declare nameOther: (call: CallView) => string;
  /** Draws the call's conversation. */
  declare messages: (call: CallView) => TemplateResult;
  declare conversationPath: (call: CallView) => string;
  /** Undefined before the server has answered; null when there is no such call. */
  declare call: CallView | null | undefined;
  declare ending: Extract<CallConnectionState, 'replaced' | 'ended' | 'unsupported'> | null;
  declare failure: string | null;
  #connection: CallConnection | null = null;
  #devices: OwnDevices | null = null;
  #stops: (() => void)[] = [];

  constructor() {
    super();
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
    this.#stops = [
      this.on('call:changed', ({ call }) => call.callId === this.callId && this.#changed(call)),
      // A call that could not be looked up for want of a line is looked up when it is back.
      this.line.subscribe(({ status }) => status === 'connected' && void this.#find()),
    ];
    void this.#find();
  }

  protected override render(): TemplateResult {
    const { call } = this;
    if (call === undefined)
      return html`<div class="frame call-words"><h1>${t('calls.joinTitle')}</h1><p class="loading">${t('calls.joining')}</p></div>`;
    if (call === null) return this.#words('calls.noCallTitle', t('calls.noCallText'), null);
    if (call.state === 'ended' || this.ending === 'ended') return this.#words('calls.endedTitle', endedText(call), call);
    if (this.ending === 'unsupported') return this.#words('calls.unsupportedTitle', t('calls.unsupportedText'), call);
    if (this.ending === 'replaced') return this.#replaced();
    return this.#running(call);
  }

  #running(call: CallView): TemplateResult {
    const name = this.nameOther(call);
    const connection = this.#connection;
    if (connection === null) return html`<div class="frame call-words">${joinForm({ name, onJoin: (choice) => this.#join(choice) })}</div>`;
    return html`<div class="call-page">
      <h1 class="call-title">${t('calls.title', { name })}</h1>
      ${this.failure === null ? nothing : notice({ kind: 'danger', body: html`<p>${this.failure}</p>`, outcome: true })}
      ${keyed(
        connection,
        html`<gov-call-screen
          .connection=${connection}
          .devices=${this.#devices}
          .otherName=${name}
          .otherIsThere=${call.state === 'active'}
          .messages=${() => this.messages(call)}
          .onLeave=${this.#hangUp}
        ></gov-call-screen>`,
      )}
    </div>`;
  }

  #words(title: 'calls.noCallTitle' | 'calls.endedTitle' | 'calls.unsupportedTitle', text: string, call: CallView | null): TemplateResult {
    const path = call === null ? '/' : this.conversationPath(call);
    return html`<div class="frame call-words">
      <h1>${t(title)}</h1>
      <p class="lead">${text}</p>
      <p class="button-row"><a class="button" href=${href(path)}>${call === null ? t('shell.home') : t('calls.toConversation')}</a></p>
    </div>`;
  }

  #replaced(): TemplateResult {
    return html`<div class="frame call-words">
      <h1>${t('calls.elsewhereTitle')}</h1>
      <p class="lead">${t('calls.elsewhereText')}</p>
      <p class="button-row"><button class="button" @click=${() => this.#join(this.joinWith ?? [])}>${t('calls.takeBack')}</button></p>
    </div>`;
  }

  async #find(): Promise<void> {
    if (this.call !== undefined) return;
    try {
      const { calls } = await this.request('call:list-mine', {});
      this.call ??= calls.find(({ callId }) => callId === this.callId) ?? null;
      if (this.call !== null && this.joinWith !== null && this.#connection === null) this.#join(this.joinWith);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
    }
  }

  #changed(call: CallView): void {
    this.call = call;
    if (call.state === 'ended') this.#end('ended');
  }

  #join(kinds: JoinWith): void {
    this.#leaveCall();
    this.#remember(kinds);
    this.ending = null;
    const connection = new CallConnection({ callId: this.callId, request: this.request, on: this.on, connection: this.line });
    const devices = new OwnDevices(connection);
    connection.state.subscribe((state) => (state === 'replaced' || state === 'ended' || state === 'unsupported') && this.#end(state));
    for (const kind of kinds) void devices.open(kind);
    devices.state.subscribe(({ audio, video }) => {
      const isSent = { audio: audio.state === 'on' || audio.state === 'opening', video: video.state === 'on' || video.state === 'opening' };
      this.#remember((['audio', 'video'] as const).filter((kind) => isSent[kind]));
    });
    this.#connection = connection;
    this.#devices = devices;
    this.requestUpdate();
  }

  /** A reload joins again with what was being sent: nobody who is muted is heard by surprise. */
  #remember(kinds: JoinWith): void {
    this.joinWith = kinds;
    history.replaceState(history.state, '', `${location.pathname}?join=${formatJoinWith(kinds)}`);
  }

  #end(ending: 'replaced' | 'ended' | 'unsupported'): void {
    if (this.ending !== null) return;
    this.ending = ending;
    this.#leaveCall();
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('h1')?.focus());
  }

  #leaveCall(): void {
    this.#devices?.close();
    this.#connection?.close();
    this.#devices = null;
    this.#connection = null;
  }

  readonly #hangUp = async (): Promise<void> => {
    this.failure = null;
    try {
      const call = await this.request('call:hang-up', { callId: this.callId });
      this.#leaveCall();
      navigate(this.conversationPath(call), { replace: true });
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.failure = errorText(error.code);
    }
  };
}

function endedText({ startedAt, endedAt, reason }: CallView): string {
  const duration = fmt.duration((endedAt ?? Date.now()) - startedAt);
  if (reason === 'moderator') return t('calls.endedModerator', { duration });
  return reason === 'network' || reason === 'node-lost' ? t('calls.endedNetwork', { duration }) : t('calls.endedHungUp', { duration });
}

customElements.define('gov-call-page', CallPage);
