import { toSignedLink } from '../../client/net/wire.ts';
import { createAccounts } from '../../server/accounts/accounts.ts';
import { createOwner } from '../../server/accounts/new-account.ts';
import { createInbox } from '../../server/offices/new-office.ts';
import { toBase64Url } from '../../server/protocol/base64url.ts';
import { type Line, Somebody } from './people.ts';
import { Registrars } from './registrars.ts';
import type { TestOffice } from './test-office.ts';

/** The registrars' inbox on a server, and its two registrars at work there. */
export class RegistrarsOffice {
  readonly registrars: Registrars;
  readonly first: Somebody;
  readonly second: Somebody;
  readonly #lines = new Map<Somebody, Line>();

  private constructor(registrars: Registrars, first: Somebody, second: Somebody) {
    this.registrars = registrars;
    this.first = first;
    this.second = second;
  }

  static async create(office: TestOffice): Promise<RegistrarsOffice> {
    const { server, world } = office;
    const { database } = server;
    const registrars = new Registrars(world);
    const [first, second] = [new Somebody(server, registrars.first), new Somebody(server, registrars.second)];
    await createOwner(database, { root: first.root, displayName: 'Registrar' });
    await second.register(await office.invite('official', 'Registrar'));
    const { inbox } = registrars;
    const [boxes] = inbox.shelf.boxesOf(registrars.first.id);
    const [link] = inbox.shelf.links;
    if (!link || !boxes?.box) throw new Error('the inbox has no root');
    const root = { link: toBase64Url(link), boxes: [toBase64Url(boxes.box)], previousBox: null };
    const inboxId = await createInbox(database, root, { loadUserChains: createAccounts({ database }).loadChains });
    await first.signInWithDevice();
    const made = new RegistrarsOffice(registrars, first, second);
    await (await made.line(first)).request('inbox:append', { inboxId, link: toSignedLink(inbox.newest) });
    return made;
  }

  async line(registrar: Somebody): Promise<Line> {
    const line = this.#lines.get(registrar) ?? (await registrar.connect());
    this.#lines.set(registrar, line);
    return line;
  }

  close(): void {
    this.first.close();
    this.second.close();
  }
}
