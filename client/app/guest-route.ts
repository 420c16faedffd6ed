import { html } from 'lit';
import type { CallParticipant, CallView } from '../../server/protocol/calls.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import type { GuestAddress } from '../calls/people/guest-address.ts';
import { roleText } from '../calls/people/tile-person.ts';
import { officeName } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { createConnection, type Connection } from '../net/socket.ts';
import { officeList } from './offices.ts';
import type { Route } from './route.ts';
import { http, session } from './session.ts';

let address: GuestAddress | null = null;

/** Somebody without an account, by a one-time link into one call. */
export const guestRoute: Route = {
  path: '/guest',
  areas: ['calls', 'guests', 'safety'],
  wide: true,
  load: async () => {
    const [{ readGuestAddress }] = await Promise.all([
      import('../calls/people/guest-address.ts'),
      import('../calls/people/guest-page.ts'),
      cryptoReady,
      officeList.ensure(),
    ]);
    address = readGuestAddress(location.hash);
  },
  render: () =>
    html`<gov-guest-page
      .address=${address}
      .http=${http}
      .connect=${connect}
      .nameOf=${namesFor}
      .signedInAs=${session.value !== null && session.value.role !== 'guest' ? session.value.accountId : null}
    ></gov-guest-page>`,
};

/** A line of the guest's own: the core's belongs to an account. */
function connect(): Connection {
  const connection = createConnection({ url: location.origin, onUnauthenticated: () => undefined });
  connection.open();
  return connection;
}

function namesFor({ inviter, byCitizen }: GuestAddress) {
  return ({ role, displayName }: CallParticipant, call: CallView | null): { name: string; title: string } => {
    const office = call === null ? '' : officeName(officeList.state.value.offices, call.official.officeId);
    const name = displayName ?? (byCitizen ? inviter : t('calls.citizen'));
    const title = role === 'official' && office !== '' ? office : roleText(role);
    return { name, title: title === name ? '' : title };
  };
}
