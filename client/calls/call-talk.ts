import type { AccountId } from '../../server/protocol/ids.ts';
import { Subject, type Observable } from '../net/observable.ts';
import type { ChannelMessage, ToldState } from './text/channel-message.ts';
import { LiveText, type WritingPage } from './text/live-text.ts';

const silent: ToldState = { signing: false, keepsText: false };

/** What people of a call tell each other on its channel: live text, and states. It outlives the channel, which is another one after each joining. */
export class CallTalk {
  readonly text: LiveText;
  readonly #states = new Subject<ReadonlyMap<AccountId, ToldState>>(new Map());
  readonly #accountId: AccountId;
  #send: ((message: ChannelMessage) => void) | null = null;
  #answering = false;

  constructor(accountId: AccountId) {
    this.#accountId = accountId;
    this.text = new LiveText({ accountId, send: (message) => this.#send?.(message) });
  }

  /** What everybody has told of himself, oneself included. */
  get states(): Observable<ReadonlyMap<AccountId, ToldState>> {
    return this.#states;
  }

  stateOf(accountId: AccountId): ToldState {
    return this.#states.value.get(accountId) ?? silent;
  }

  tell(change: Partial<ToldState>): void {
    const state = { ...this.stateOf(this.#accountId), ...change };
    this.#note(this.#accountId, state);
    this.#send?.({ kind: 'state', state });
  }

  /** The channel is there, with keys to seal with; null: it is not. */
  attach(send: ((message: ChannelMessage) => void) | null): void {
    this.#send = send;
    this.text.setOpen(send !== null);
  }

  /** Somebody else hears this page, or is heard, from now on: both say all they have to say. */
  greet(): void {
    this.#send?.({ kind: 'hello' });
    this.#answer();
  }

  received(from: WritingPage, message: ChannelMessage): void {
    if (from.accountId === this.#accountId) return;
    if (message.kind === 'text') this.text.received(from, message.text);
    else if (message.kind === 'snapshot') this.text.restore(from, message.snapshot);
    else if (message.kind === 'state') this.#note(from.accountId, message.state);
    else this.#answer();
  }

  /** Somebody is not in the call any more: what he has told of himself is over; what he has written stays. */
  forget(accountId: AccountId): void {
    if (this.#states.value.has(accountId) && accountId !== this.#accountId)
      this.#states.set(new Map([...this.#states.value].filter(([other]) => other !== accountId)));
  }

  close(): void {
    this.#send = null;
    this.text.close();
  }

  /** Several who say hello at once are answered together. */
  #answer(): void {
    if (this.#answering) return;
    this.#answering = true;
    queueMicrotask(() => {
      this.#answering = false;
      this.#send?.({ kind: 'state', state: this.stateOf(this.#accountId) });
      this.#send?.({ kind: 'snapshot', snapshot: this.text.snapshot() });
    });
  }

  #note(accountId: AccountId, state: ToldState): void {
    this.#states.set(new Map([...this.#states.value, [accountId, state]]));
  }
}
