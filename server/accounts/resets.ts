import { AppError } from '../platform/app-error.ts';
import { type Database, transaction } from '../platform/database.ts';
import type { Notify } from '../platform/notify.ts';
import { verified } from '../platform/verified.ts';
import { type Base64Url, fromBase64Url, toBase64Url } from '../protocol/base64url.ts';
import { type AccountId, type DeviceId, idOf, type InboxId, type ResetId, type SessionId } from '../protocol/ids.ts';
import type { SignedLink } from '../protocol/offices.ts';
import { requireDraftFits, resetDelayMs, type ResetContext, verifyAttestation } from '../protocol/reset-statement.ts';
import type { ResetRequest } from '../protocol/resets.ts';
import { equalBytes } from '../protocol/sodium.ts';
import { extendUserChain } from '../protocol/user-chain.ts';
import { AccountStore } from './account-store.ts';
import { PasskeyStore } from './passkey-store.ts';
import { type ResetRow, ResetStore } from './reset-store.ts';
import { SessionStore } from './session-store.ts';
import type { UserChains } from './user-chains.ts';
import { requireLinkBoxes, storeUserLink } from './user-links.ts';

export interface ResetsDependencies {
  readonly database: Database;
  readonly chains: UserChains;
  readonly notify: Notify;
  /** What judges a reset that arrives now; its registrars are null where there is no such inbox. */
  readonly resetContext: (database: Database) => Promise<ResetContext>;
  readonly endSockets: (sessionId: SessionId) => void;
}

/** What becomes of a request: the person's draft, the registrars' word, the link in the chain. */
export class Resets {
  readonly #dependencies: ResetsDependencies;
  readonly #store: ResetStore;

  constructor(dependencies: ResetsDependencies) {
    this.#dependencies = dependencies;
    this.#store = new ResetStore(dependencies.database);
  }

  /** The person's page has made its keys. Replaces an earlier draft as long as nobody has attested one. */
  async setDraft(resetId: ResetId, draft: Base64Url): Promise<void> {
    const { database, chains } = this.#dependencies;
    const row = await transaction(database, async (trx) => {
      const store = new ResetStore(trx);
      const locked = await store.lock(resetId);
      if (!locked?.accountId || locked.lookedAt === null) throw new AppError('bad_state', 'no registrar has looked yet');
      const bytes = fromBase64Url(draft);
      if (locked.draft && equalBytes(locked.draft, bytes)) return null;
      if (locked.state !== 'requested' || (await store.findAttestations([resetId])).length > 0)
        throw new AppError('bad_state', 'somebody has attested a draft, or the request is over');
      const chain = await chains.require(trx, locked.accountId);
      verified(() => requireDraftFits(bytes, chain));
      await store.setDraft(resetId, bytes);
      return locked;
    });
    if (row) await this.tell(row);
  }

  /** One registrar's word, once; the second one's starts the delay. */
  async attest(resetId: ResetId, attestation: Base64Url, registrar: { accountId: AccountId; deviceId: DeviceId }): Promise<ResetRow> {
    const { database, resetContext } = this.#dependencies;
    const row = await transaction(database, async (trx) => {
      const store = new ResetStore(trx);
      const locked = await store.lock(resetId);
      if (!locked) throw new AppError('not_found', 'no such request');
      const bytes = fromBase64Url(attestation);
      const before = await store.findAttestations([resetId]);
      const own = before.find(({ accountId }) => accountId === registrar.accountId);
      if (own && equalBytes(own.attestation, bytes)) return locked;
      if (own) throw new AppError('conflict', 'this registrar has signed already');
      if (locked.state !== 'requested' || !locked.draft) throw new AppError('bad_state', 'nothing to attest');
      const { draft } = locked;
      const context = await resetContext(trx);
      const { registrarId, deviceId, attestedAt } = verified(() => verifyAttestation(draft, bytes, context));
      if (idOf(registrarId) !== registrar.accountId || idOf(deviceId) !== registrar.deviceId)
        throw new AppError('forbidden', 'signed by somebody else');
      await store.addAttestation({ resetId, accountId: registrar.accountId, attestation: bytes, attestedAt: new Date(attestedAt) });
      const signedAt = [...before.map((one) => one.attestedAt.getTime()), attestedAt];
      if (signedAt.length === 2) await store.schedule(resetId, new Date(Math.max(...signedAt) + resetDelayMs));
      return (await store.find(resetId)) ?? locked;
    });
    await this.tell(row);
    return row;
  }

  async cancel(row: ResetRow): Promise<void> {
    await this.#store.cancel(row.resetId);
    await this.tell(row);
  }

  /**
   * The reset takes effect: link, end of the sessions and of the passkeys, in one transaction. The session and the passkey with which
   * the person asked for it stay. The same link twice is answered alike.
   */
  async finish(resetId: ResetId, signed: SignedLink, ownSession: SessionId | null): Promise<void> {
    const { database, chains, resetContext, notify, endSockets } = this.#dependencies;
    const done = await transaction(database, async (trx) => {
      const store = new ResetStore(trx);
      const row = await store.lock(resetId);
      if (!row?.accountId) throw new AppError('bad_state', 'nobody has attested this');
      const { accountId, credentialId } = row;
      const bytes = fromBase64Url(signed.link);
      const accounts = new AccountStore(trx);
      await accounts.lock([accountId], 'update');
      const before = await chains.require(trx, accountId);
      if (row.state === 'done') {
        const stored = await accounts.findLinks([{ accountId, seqno: 0 }]);
        if (stored.some(({ link }) => equalBytes(link, bytes))) return null;
      }
      const context = await resetContext(trx);
      if (row.state !== 'attested' || !row.notBefore || row.notBefore.getTime() > context.now)
        throw new AppError('bad_state', 'not in force yet, or over');
      const after = verified(() => {
        const extended = extendUserChain(before, bytes, context);
        requireLinkBoxes(extended, signed);
        return extended;
      });
      if (after.resets.length === before.resets.length) throw new AppError('bad_request', 'another link than a reset');
      await storeUserLink(trx, after, signed);
      await store.finish(resetId, after.seqno);
      const passkeys = new PasskeyStore(trx);
      const lost = (await passkeys.list(accountId)).map((passkey) => passkey.credentialId).filter((id) => id !== credentialId);
      await passkeys.remove(accountId, lost);
      const sessions = new SessionStore(trx);
      const keeps = ownSession !== null && credentialId !== null && (await sessions.findCredential(ownSession)) === credentialId;
      const ended = await sessions.remove(accountId, keeps ? { except: ownSession } : {});
      return { row, head: after.seqno, ended };
    });
    if (!done) return;
    for (const sessionId of done.ended) endSockets(sessionId);
    if (done.row.accountId) notify({ account: done.row.accountId }, 'account:changed', { accountId: done.row.accountId, head: done.head });
    await this.tell(done.row);
  }

  /** The request as registrars see it, or its person. */
  async view(rows: readonly ResetRow[], forPerson = false): Promise<ResetRequest[]> {
    const attestations = await this.#store.findAttestations(rows.map(({ resetId }) => resetId));
    return rows.map((row) => ({
      resetId: row.resetId,
      about: row.about,
      accountId: forPerson && row.lookedAt === null ? null : row.accountId,
      draft: row.draft && toBase64Url(row.draft),
      requestedAt: row.requestedAt.getTime(),
      attestations: attestations
        .filter(({ resetId }) => resetId === row.resetId)
        .map(({ accountId, attestation, attestedAt }) => ({
          registrarId: accountId,
          attestation: toBase64Url(attestation),
          attestedAt: attestedAt.getTime(),
        })),
      notBefore: row.notBefore?.getTime() ?? null,
      state: row.state,
    }));
  }

  /** Registrars, and the account's own devices: whoever still has keys can refuse it. */
  async tell({ accountId }: ResetRow): Promise<void> {
    const { notify, resetContext, database } = this.#dependencies;
    if (accountId) notify({ account: accountId }, 'reset:changed', { accountId });
    const { registrars } = await resetContext(database);
    if (registrars) notify({ inbox: idOf<'inbox'>(registrars.inboxId) }, 'reset:requested', {});
  }

  /** The inbox whose members attest resets; null where there is none. */
  async registrarsId(): Promise<InboxId | null> {
    const { registrars } = await this.#dependencies.resetContext(this.#dependencies.database);
    return registrars?.closedAt === null ? idOf<'inbox'>(registrars.inboxId) : null;
  }
}
