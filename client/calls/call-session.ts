import type { CallParticipant, CallRole } from '../../server/protocol/calls.ts';
import type { AccountId, CallId } from '../../server/protocol/ids.ts';
import type { Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import type { Connection } from '../net/socket.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { CallConnection, type CallConnectionState } from './call-connection.ts';
import type { CallIdentities } from './people/call-identities.ts';
import { CallTeam } from './people/call-team.ts';
import { ComparedKeys } from './people/compared-keys.ts';
import type { JoinWith } from './join-form.ts';
import { type DeviceState, OwnDevices } from './media/own-devices.ts';
import type { Comparisons } from '../storage/comparisons.ts';
import type { Drafts } from '../storage/texts.ts';
import { OwnWords } from './text/own-words.ts';

/** The line to the server, as a call needs it. */
export type CallLine = Pick<Connection, 'state' | 'setUrgent'>;

export interface CallSessionOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  readonly line: CallLine;
  readonly identities: CallIdentities;
  /** This person's at the moment: the lead may be handed over. */
  readonly role: () => CallRole;
  /** What is remembered of comparing the number. */
  readonly comparisons: Comparisons;
  /** Where what this page writes outlasts a reload. */
  readonly drafts: Drafts;
  /** What is sent from the start. */
  readonly joinWith: JoinWith;
}

/** Why this page's being in a call is over, unless it is by the page itself. */
export type SessionEnding = Extract<CallConnectionState, 'replaced' | 'ended' | 'unsupported'>;

/** This page's being in a call: the connection, the person's devices, and what he may change about who is in it. Whoever makes it closes it. */
export class CallSession {
  readonly connection: CallConnection;
  readonly devices: OwnDevices;
  readonly team: CallTeam;
  readonly compared: ComparedKeys;
  readonly #line: CallLine;
  readonly #words: OwnWords;
  /** Everybody who was ever in the call while this page was: what somebody wrote stays his when he has gone. */
  readonly known = new Map<AccountId, CallParticipant>();

  constructor({ callId, request, on, line, identities, role, comparisons, drafts, joinWith }: CallSessionOptions) {
    this.#line = line;
    line.setUrgent(true);
    this.connection = new CallConnection({ callId, request, on, connection: line.state, identities });
    this.devices = new OwnDevices(this.connection);
    this.compared = new ComparedKeys({
      kept: comparisons,
      security: this.connection.security,
      identityOf: (person) => identities.identityOf(person),
    });
    const { text, own } = this.connection;
    const agree = (): void => this.connection.agreeToKeepText(true);
    this.#words = new OwnWords({ callId, drafts, text, own, agree });
    this.connection.call.subscribe((call) => {
      for (const person of call?.participants ?? []) this.known.set(person.accountId, person);
    });
    this.team = new CallTeam({ callId, request, on, identities, role });
    if (joinWith.includes('audio')) void this.devices.open('microphone');
    if (joinWith.includes('video')) void this.devices.open('camera');
  }

  /** What is being sent now, or about to be: nobody who is muted is heard by surprise after a reload. */
  get sends(): JoinWith {
    const { microphone, camera } = this.devices.state.value;
    return [...(isSent(microphone) ? (['audio'] as const) : []), ...(isSent(camera) ? (['video'] as const) : [])];
  }

  /** Everything that a screen draws. */
  get parts(): readonly Observable<unknown>[] {
    const { state, call, people, own, security, text } = this.connection;
    return [state, call, people, own, security, text.lines, text.isOpen, this.devices.state, this.team.state, this.compared.state];
  }

  /** Tells how it ended for this page; at once if it has: a browser that cannot is known for that from the start. */
  onEnd(listener: (ending: SessionEnding) => void): void {
    const tell = (state: CallConnectionState): void => {
      if (state === 'replaced' || state === 'ended' || state === 'unsupported') listener(state);
    };
    this.connection.state.subscribe(tell);
    tell(this.connection.state.value);
  }

  /** `isOver`: there will be no coming back to what was written. */
  close({ isOver = false } = {}): void {
    if (isOver) void this.#words.forget();
    this.#words.close();
    this.team.close();
    this.compared.close();
    this.devices.close();
    this.connection.close();
    this.#line.setUrgent(false);
  }
}

function isSent({ state }: DeviceState): boolean {
  return state === 'on' || state === 'opening';
}
