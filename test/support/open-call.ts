import { createHash, randomBytes } from 'node:crypto';
import { createCookieFetch } from '../../client/net/cookie-fetch.ts';
import { createHttp, type Http } from '../../client/net/http.ts';
import type { SessionView } from '../../server/protocol/accounts.ts';
import { type Base64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import type { CallInvite, GuestEntry, GuestRole, PeerId } from '../../server/protocol/calls.ts';
import type { Response } from '../../server/protocol/commands.ts';
import { type CallId, newId } from '../../server/protocol/ids.ts';
import { Line, openSocket } from './people.ts';
import { dtlsParameters } from './rtp-parameters.ts';
import type { TestOffice } from './test-office.ts';
import { chainId } from './town.ts';

/** What an inviter signed, as far as the server knows. */
export const grant = toBase64Url(randomBytes(300));

/** As the server hashes what a guest shows. */
export function hashOf(token: string): Base64Url {
  return toBase64Url(createHash('sha256').update(token).digest());
}

/** A browser of somebody who comes by a link. */
export interface GuestBrowser {
  readonly http: Http;
  enter(link: GuestEntry): Promise<SessionView>;
  connect(): Promise<Line>;
}

/** A citizen and an official in a call, over real sockets, and guests they ask in. */
export class OpenCall {
  readonly citizen: Line;
  readonly official: Line;
  readonly callId: CallId;
  readonly #origin: string;

  private constructor(citizen: Line, official: Line, callId: CallId, origin: string) {
    this.citizen = citizen;
    this.official = official;
    this.callId = callId;
    this.#origin = origin;
  }

  /** The citizen has answered; the official has not joined. */
  static async start(office: TestOffice): Promise<OpenCall> {
    const [ana, nora] = [await office.addCitizen(), await office.addOfficial()];
    const [citizen, official] = [await ana.connect(), await nora.connect()];
    const { conversationId } = await office.open(ana, citizen);
    await official.request('availability:set', { state: 'available', services: [], languages: [] });
    const entryId = newId<'queue entry'>();
    await citizen.request('queue:join', { entryId, serviceId: office.serviceId, conversationId, language: 'pt', needs: [] });
    const { callId } = await official.request('queue:accept', { entryId });
    const call = new OpenCall(citizen, official, callId, office.server.origin);
    await call.join(citizen);
    return call;
  }

  async join(line: Line, peerId: PeerId = newId<'peer'>()): Promise<Response<'call:join'> & { readonly peerId: PeerId }> {
    const { callId } = this;
    const joined = await line.request('call:join', { callId, peerId });
    await line.request('call:connect-transport', { callId, peerId, transportId: joined.send.transportId, dtlsParameters });
    return { ...joined, peerId };
  }

  /** What the fragment of a link gives whoever has it, and the attempt of one tab. */
  async invite(role: GuestRole = 'interpreter', by: Line = this.citizen): Promise<GuestEntry> {
    const [token, attempt] = [toBase64Url(randomBytes(32)), toBase64Url(randomBytes(32))];
    const link = { inviteId: newId<'call invite'>(), token, accountId: chainId<'account'>(), attempt };
    const { inviteId } = link;
    const { callId } = this;
    await by.request('call:invite', { callId, inviteId, role, displayName: 'Ines Dias', tokenHash: hashOf(token), grant });
    return link;
  }

  async inviteOf({ inviteId }: GuestEntry): Promise<CallInvite | undefined> {
    const { invites } = await this.citizen.request('call:list-invites', { callId: this.callId });
    return invites.find((invite) => invite.inviteId === inviteId);
  }

  browser(): GuestBrowser {
    const origin = this.#origin;
    const cookies = createCookieFetch(origin);
    const http = createHttp({ origin, fetch: cookies.fetch });
    return {
      http,
      enter: async (link) => await http('POST /api/calls/guests', link),
      async connect() {
        const line = new Line(openSocket(origin, { ...cookies.headers(), origin }));
        await line.connected;
        return line;
      },
    };
  }

  /** Somebody with a link, signed in by it and connected. */
  async enter(role: GuestRole = 'interpreter', by: Line = this.citizen): Promise<{ line: Line; link: GuestEntry; browser: GuestBrowser }> {
    const [link, browser] = [await this.invite(role, by), this.browser()];
    await browser.enter(link);
    return { line: await browser.connect(), link, browser };
  }
}
