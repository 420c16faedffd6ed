import type { CallParticipant, CallRole } from '../../server/protocol/calls.ts';
import type { AccountId, CallId } from '../../server/protocol/ids.ts';
import type { Observable } from '../net/observable.ts';
import type { RequestFunction } from '../net/request.ts';
import type { ConnectionState } from '../net/socket.ts';
import type { Subscribe } from '../net/subscribe.ts';
import { CallConnection } from './call-connection.ts';
import type { CallIdentities } from './people/call-identities.ts';
import { CallTeam } from './people/call-team.ts';
import type { JoinWith } from './join-form.ts';
import { type DeviceState, OwnDevices } from './media/own-devices.ts';

export interface CallSessionOptions {
  readonly callId: CallId;
  readonly request: RequestFunction;
  readonly on: Subscribe;
  /** The line to the server. */
  readonly line: Observable<ConnectionState>;
  readonly identities: CallIdentities;
  /** This person's at the moment: the lead may be handed over. */
  readonly role: () => CallRole;
  /** What is sent from the start. */
  readonly joinWith: JoinWith;
}

/** This page's being in a call: the connection, the person's devices, and what he may change about who is in it. Whoever makes it closes it. */
export class CallSession {
  readonly connection: CallConnection;
  readonly devices: OwnDevices;
  readonly team: CallTeam;
  /** Everybody who was ever in the call while this page was: what somebody wrote stays his when he has gone. */
  readonly known = new Map<AccountId, CallParticipant>();

  constructor({ callId, request, on, line, identities, role, joinWith }: CallSessionOptions) {
    this.connection = new CallConnection({ callId, request, on, connection: line, identities });
    this.devices = new OwnDevices(this.connection);
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

  close(): void {
    this.team.close();
    this.devices.close();
    this.connection.close();
  }
}

function isSent({ state }: DeviceState): boolean {
  return state === 'on' || state === 'opening';
}
