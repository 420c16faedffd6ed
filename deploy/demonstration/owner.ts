import { createHash, randomBytes } from 'node:crypto';
import { signInWithDevice } from '../../client/account/sign-in.ts';
import { openAccount, type Account } from '../../client/app/account.ts';
import { deviceFromSeed } from '../../client/crypto/device.ts';
import { createInvitationSecret } from '../../client/crypto/enrolment-proof.ts';
import { appendLink } from '../../client/inbox/append-link.ts';
import { buildAddMember, type BuildLink, buildPlain, buildRemoveMember, verifyEnrolment } from '../../client/inbox/membership.ts';
import { membershipParts } from '../../client/inbox/teams.ts';
import { createCookieFetch } from '../../client/net/cookie-fetch.ts';
import { createHttp } from '../../client/net/http.ts';
import { createConnection, type Connection } from '../../client/net/socket.ts';
import type { Alarm } from '../../client/storage/alarm.ts';
import { memoryDatabase } from '../../client/storage/memory-database.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { idOf, newId, type AccountId, type InboxId, type OfficeId } from '../../server/protocol/ids.ts';
import type { InboxRole } from '../../server/protocol/inbox-bodies.ts';
import { currentMembers } from '../../server/protocol/inbox-state.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { cryptoReady } from '../../server/protocol/sodium.ts';
import { type DemonstrationKeys, readKeys, writeKeys } from './keys.ts';

export interface InvitationRequest {
  readonly officeId: OfficeId;
  readonly role: 'official' | 'supervisor' | 'admin';
  readonly displayName: string;
}

interface OwnerParts {
  readonly origin: string;
  readonly keysFile: string;
  readonly account: Account;
  readonly connection: Connection;
  readonly offices: readonly OfficeView[];
}

/**
 * The first owner of the demonstration's inboxes: a client like any other, without a browser. It gives out one-time links
 * and signs those in who come through one; the server could not, since it never sees the second half of a link.
 */
export class Owner {
  readonly #parts: OwnerParts;

  private constructor(parts: OwnerParts) {
    this.#parts = parts;
  }

  /** Signs in with the device key. Throws when the demonstration is not set up here, or a RequestError. */
  static async connect({ origin, keysFile }: { readonly origin: string; readonly keysFile: string }): Promise<Owner> {
    await cryptoReady;
    const keys = await requireKeys(keysFile);
    const cookies = createCookieFetch(origin);
    const http = createHttp({ origin, fetch: cookies.fetch });
    const device = deviceFromSeed(keys.ownerSeed, 'browser');
    const userId = new Uint8Array(Buffer.from(keys.ownerId, 'base64url'));
    const session = await signInWithDevice({ http, userId, device });

    const database = memoryDatabase();
    const connection = createConnection({ url: origin, headers: () => cookies.headers(), onUnauthenticated: () => void process.exit(1) });
    connection.open();
    try {
      const account = await openAccount({ session, http, request: connection.request, database, device, raise: sayAlarm });
      return new Owner({ origin, keysFile, account, connection, offices: await http('GET /api/offices') });
    } catch (error) {
      // An open line would keep the program alive.
      connection.close();
      throw error;
    }
  }

  /** A link for one person, good for 24 hours and one use. Its secret half is written down before the server hears of it. */
  async invite(request: InvitationRequest): Promise<string> {
    const { origin, keysFile, connection } = this.#parts;
    const invitationId = newId<'invitation'>();
    const token = randomBytes(32).toString('base64url');
    const secret = createInvitationSecret();
    const tokenHash = toBase64Url(createHash('sha256').update(token).digest());
    const remember = async (expiresAt: number): Promise<void> => {
      const keys = await requireKeys(keysFile);
      const others = keys.invitations.filter(
        (invitation) => invitation.invitationId !== invitationId && invitation.expiresAt > Date.now() - 24 * 60 * 60_000,
      );
      await writeKeys(keysFile, { ...keys, invitations: [...others, { invitationId, secret, expiresAt }] });
    };
    await remember(Date.now() + 24 * 60 * 60_000);
    const { expiresAt } = await connection.request('invitation:create', { ...request, invitationId, tokenHash });
    await remember(expiresAt);
    return `${origin}/en/enrol#${token}.${toBase64Url(secret)}`;
  }

  /** Signs in everybody who enrolled through a link of ours; now and whenever somebody does. */
  async admitAlways(onAdmitted: (displayName: string) => void): Promise<void> {
    const { connection } = this.#parts;
    let work = Promise.resolve();
    const admitAfter = async (earlier: Promise<void>): Promise<void> => {
      await earlier;
      try {
        for (const displayName of await this.admit()) onAdmitted(displayName);
      } catch (error) {
        console.error('admitting failed, and is tried again at the next occasion:', error instanceof Error ? error.message : error);
      }
    };
    const admitInTurn = (): void => {
      work = admitAfter(work);
    };
    connection.on('inbox:enrolled', admitInTurn);
    connection.state.subscribe(({ status }) => {
      if (status === 'connected') admitInTurn();
    });
    admitInTurn();
    await work;
  }

  /**
   * Signs in those who wait now and whose proof fits a link of ours; gives their names. Where two must sign, the team does it on its page.
   */
  async admit(): Promise<string[]> {
    const { keysFile, connection, offices, account } = this.#parts;
    const secrets = new Map((await requireKeys(keysFile)).invitations.map(({ invitationId, secret }) => [invitationId, secret]));
    const admitted: string[] = [];
    for (const { inboxId } of offices) {
      const inbox = await account.inboxChains.load(inboxId, { fresh: true });
      if (inbox.policy.addsRequire === 2) continue;
      // Whoever was removed has not enrolled anew, whatever the server says.
      const known = new Set(inbox.memberships.map(({ userId }) => idOf<'account'>(userId)));
      const { enrolments } = await connection.request('inbox:list-enrolments', { inboxId });
      for (const enrolment of enrolments) {
        const secret = secrets.get(enrolment.invitationId);
        if (!secret || known.has(enrolment.accountId) || !verifyEnrolment(enrolment, secret)) continue;
        await this.#append(inboxId, async (parts) => await buildAddMember(parts, enrolment.accountId, 'member'));
        admitted.push(enrolment.displayName);
      }
    }
    return admitted;
  }

  /** Ends a membership: the inbox gets a new key, which the person is not given. */
  async remove(officeId: OfficeId, accountId: AccountId): Promise<void> {
    await this.#append(this.#inboxOf(officeId), async (parts) => await buildRemoveMember(parts, accountId));
  }

  /** Gives a member of an office's team another role. */
  async promote(officeId: OfficeId, displayName: string, role: InboxRole): Promise<void> {
    const inboxId = this.#inboxOf(officeId);
    const userId = fromBase64Url(await this.#findMember(inboxId, displayName));
    await this.#append(inboxId, async (parts) => await buildPlain(parts, { type: 'change_role', userId, role, coSigners: [] }));
  }

  /** Makes a member of an office's team a registrar too: two of them together give somebody back an account all keys of which are lost. */
  async makeRegistrar(officeId: OfficeId, displayName: string): Promise<void> {
    const registrars = await this.#parts.account.registry.registrars();
    if (!registrars) throw new Error('There is no inbox for registrars here.');
    const accountId = await this.#findMember(this.#inboxOf(officeId), displayName);
    await this.#append(registrars, async (parts) => await buildAddMember(parts, accountId, 'member'));
  }

  close(): void {
    this.#parts.connection.close();
    this.#parts.account.keyring.close();
  }

  #inboxOf(officeId: OfficeId): InboxId {
    const inboxId = this.#parts.offices.find((office) => office.officeId === officeId)?.inboxId;
    if (!inboxId) throw new Error(`There is no office ${officeId}.`);
    return inboxId;
  }

  async #findMember(inboxId: InboxId, displayName: string): Promise<AccountId> {
    const { directory, inboxChains } = this.#parts.account;
    const accountIds = currentMembers(await inboxChains.load(inboxId, { fresh: true })).map(({ userId }) => idOf<'account'>(userId));
    await directory.load(accountIds, { maxAgeMs: 0 });
    const [found, ...others] = accountIds.filter((accountId) => directory.find(accountId)?.displayName === displayName);
    if (!found || others.length > 0) throw new Error(`There is ${found ? 'more than one' : 'no'} ${displayName} in the team.`);
    return found;
  }

  /** Builds the link anew while somebody else's comes first. */
  async #append(inboxId: InboxId, build: BuildLink): Promise<void> {
    const { account, connection } = this.#parts;
    await appendLink(membershipParts(account, inboxId, Date.now), connection.request, build);
  }
}

async function requireKeys(keysFile: string): Promise<DemonstrationKeys> {
  const keys = await readKeys(keysFile);
  if (!keys) throw new Error(`There is no ${keysFile}: the demonstration is not set up here.`);
  return keys;
}

function sayAlarm({ kind }: Alarm): void {
  console.error(`The server shows something else than before (${kind}).`);
}
