import type { WaitingEntry } from '../../server/protocol/queue.ts';
import type { TeamMembership } from '../inbox/team-gate.ts';
import { t, loadAreas } from '../i18n/translate.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { chimeOnce } from '../queue/chime.ts';
import { Desk } from '../queue/desk.ts';
import { announcer } from '../ui/announcer.ts';
import type { Core } from './core.ts';

/** An official who is signed in: his desk follows him over all pages. */
export interface Official {
  readonly desk: Desk;
  readonly membership: Observable<TeamMembership>;
}

const present = new Subject<Official | null>(null);

/** Null as long as no official is signed in. */
export const official: Observable<Official | null> = present;

/** Which account of this browser was in the team: who was removed must not be told to wait for his admission. */
export const memberKey = 'team-member';

/** Follows the core's session: an official's desk opens with the sign-in and closes with it. */
export function followOfficial(core: Core): void {
  let messenger: unknown = null;
  const follow = (): void => {
    const state = core.session.value;
    const next = state.state === 'signed-in' && state.session.role === 'official' ? state : null;
    if (messenger === (next?.messenger ?? null)) return;
    messenger = next?.messenger ?? null;
    present.value?.desk.close();
    if (next === null) {
      present.set(null);
      return;
    }
    void loadAreas(['inbox', 'needs', 'registrar']);
    const { accountId, inboxId } = next.session;
    const membership = new Subject<TeamMembership>('unknown');
    const desk = new Desk({
      accountId,
      request: core.request,
      on: core.on,
      connection: core.connection,
      onArrival: (entry) => tellArrival(desk, entry),
      onMissed: tellMissed,
      onMembership: (is) => {
        if (is === 'outside') {
          membership.set(localStorage.getItem(memberKey) === accountId ? 'removed' : 'waiting');
          return;
        }
        localStorage.setItem(memberKey, accountId);
        // The list may have been asked for before he was let in, and be empty: also when nobody had answered yet that he was outside.
        void next.messenger.conversations.refresh();
        membership.set('member');
        // The inbox is open from here on, whatever page is shown: its boxes are audited.
        if (inboxId !== null) next.messenger.teams.audit.state(inboxId);
      },
    });
    present.set({ desk, membership });
  };
  core.session.subscribe(follow);
  follow();
  core.stayAwakeWhile(() => present.value !== null && present.value.desk.state.value.call !== null);
}

/** Nobody is disturbed who is not serving, is with somebody, or does not serve this one. */
function tellArrival({ state }: Desk, { ticketNumber, servable }: WaitingEntry): void {
  const { availability, call } = state.value;
  if (availability.state !== 'available' || call !== null || !servable) return;
  chimeOnce();
  announcer().announce(t('inbox.arrived', { ticket: ticketNumber }), {
    merge: { kind: 'arrival', combine: (count) => t('inbox.arrivedMany', { count }) },
  });
}

function tellMissed({ ticketNumber, state }: WaitingEntry): void {
  announcer().announce(t(state === 'parked' ? 'inbox.missedParked' : 'inbox.missedBack', { ticket: ticketNumber }));
}
