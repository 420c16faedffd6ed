import type { CallParticipant, CallView } from '../../server/protocol/calls.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { readGuestAddress, type GuestAddress } from '../calls/people/guest-address.ts';
import { roleText } from '../calls/people/tile-person.ts';
import { officeName } from '../i18n/office-names.ts';
import { t } from '../i18n/translate.ts';
import { createConnection, type Connection } from '../net/socket.ts';
import { officeList } from './offices.ts';

/** What the link says, once there is cryptography to read it with. */
export async function readAddress(): Promise<GuestAddress | null> {
  await cryptoReady;
  return readGuestAddress(location.hash);
}

/** A line of the guest's own: the core's belongs to an account. */
export function connect(): Connection {
  const connection = createConnection({ url: location.origin, onUnauthenticated: () => undefined });
  connection.open();
  return connection;
}

/** Names as a guest reads them. */
export function namesFor({ inviter, byCitizen }: GuestAddress) {
  return ({ role, displayName }: CallParticipant, call: CallView | null): { name: string; title: string } => {
    const office = call === null ? '' : officeName(officeList.state.value.offices, call.official.officeId);
    const name = displayName ?? (byCitizen ? inviter : t('calls.citizen'));
    const title = role === 'official' && office !== '' ? office : roleText(role);
    return { name, title: title === name ? '' : title };
  };
}
