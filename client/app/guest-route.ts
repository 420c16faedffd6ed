import { html, nothing } from 'lit';
import type { GuestAddress } from '../calls/people/guest-address.ts';
import { officeList } from './offices.ts';
import type { Route } from './route.ts';
import { http, session } from './session.ts';

let address: GuestAddress | null = null;
/** Brings the cryptography and the line with it: only for whoever comes this way. */
let surroundings: typeof import('./guest-surroundings.ts') | undefined;

/** Somebody without an account, by a one-time link into one call. */
export const guestRoute: Route = {
  path: '/guest',
  areas: ['calls', 'guests', 'safety'],
  wide: true,
  load: async () => {
    [surroundings] = await Promise.all([import('./guest-surroundings.ts'), import('../calls/people/guest-page.ts'), officeList.ensure()]);
    address = await surroundings.readAddress();
  },
  render: () =>
    html`<gov-guest-page
      .address=${address}
      .http=${http}
      .connect=${surroundings?.connect ?? nothing}
      .nameOf=${surroundings?.namesFor ?? nothing}
      .signedInAs=${session.value !== null && session.value.role !== 'guest' ? session.value.accountId : null}
    ></gov-guest-page>`,
};
