import type { GuestRole } from '../../server/protocol/calls.ts';
import { t } from '../i18n/translate.ts';
import { announcer } from '../ui/announcer.ts';
import type { CallTeam } from './people/call-team.ts';
import { ColleagueDialog } from './people/colleague-dialog.ts';
import { InviteDialog } from './people/invite-dialog.ts';

/** Asks for whom, makes the link and shows it. `inviter` is how the link calls this person; empty: he is asked. */
export async function inviteGuest(team: CallTeam, { roles, inviter }: { roles: readonly GuestRole[]; inviter: string }): Promise<void> {
  const dialog = new InviteDialog();
  dialog.roles = roles;
  dialog.inviter = inviter;
  dialog.role = roles[0] ?? 'relative';
  dialog.make = async (wish) => (await team.invite(wish)) ?? { refused: team.state.value.failure ?? '' };
  document.body.append(dialog);
  await dialog.open();
  dialog.remove();
}

/** Asks somebody of the team in. */
export async function askColleague(team: CallTeam): Promise<void> {
  const dialog = new ColleagueDialog();
  dialog.colleagues = await team.listColleagues();
  document.body.append(dialog);
  const chosen = await dialog.open();
  const name = dialog.colleagues?.find(({ accountId }) => accountId === chosen)?.displayName ?? '';
  dialog.remove();
  if (chosen !== null && (await team.askColleague(chosen))) announcer().announce(t('guests.colleagueAsked', { name }));
}
