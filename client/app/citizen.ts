import type { SessionView } from '../../server/protocol/accounts.ts';
import { MyAppointments } from '../appointments/my-appointments.ts';
import type { Messenger } from '../conversations/messenger.ts';
import { loadAreas } from '../i18n/translate.ts';
import { Subject, type Observable } from '../net/observable.ts';
import { MyEntries } from '../queue/my-entries.ts';
import type { Core } from './core.ts';

/** A citizen who is signed in, with what follows him over all pages. */
export interface Citizen {
  readonly core: Core;
  readonly session: SessionView;
  readonly messenger: Messenger;
  readonly entries: MyEntries;
  readonly appointments: MyAppointments;
}

const present = new Subject<Citizen | null>(null);
const companionsLoaded = new Subject(false);

/** Null as long as no citizen is signed in. */
export const citizen: Observable<Citizen | null> = present;

/** Whether what the shell draws for a citizen on every page has been loaded: his turn, his open matters. */
export const hasCompanions: Observable<boolean> = companionsLoaded;

/** Follows the core's session: brings a citizen's places and appointments to life with the sign-in, and ends them with it. */
export function followCitizen(core: Core): void {
  const follow = (): void => {
    const state = core.session.value;
    const next = state.state === 'signed-in' && state.session.role === 'citizen' ? state : null;
    if (present.value?.messenger === next?.messenger) return;
    present.value?.entries.close();
    present.value?.appointments.close();
    if (next === null) {
      present.set(null);
      return;
    }
    const line = { request: core.request, on: core.on, connection: core.connection };
    const { session, messenger } = next;
    present.set({ core, session, messenger, entries: new MyEntries(line), appointments: new MyAppointments(line) });
    void loadCompanions();
  };
  core.session.subscribe(follow);
  follow();
}

async function loadCompanions(): Promise<void> {
  await Promise.all([
    loadAreas(['conversations', 'needs', 'offices', 'queue']),
    import('../queue/your-turn.ts'),
    import('./open-matters.ts'),
  ]);
  companionsLoaded.set(true);
}
