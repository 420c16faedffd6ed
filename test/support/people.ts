import type { Agent } from 'node:http';
import { io, type Socket } from 'socket.io-client';
import { enrolmentProof } from '../../client/crypto/enrolment-proof.ts';
import { signSession } from '../../client/crypto/session-proof.ts';
import { createCookieFetch, type CookieFetch } from '../../client/net/cookie-fetch.ts';
import { createHttp, type Http } from '../../client/net/http.ts';
import { toSignedLink } from '../../client/net/wire.ts';
import { type ClientSocket, type RequestFunction, requestOver } from '../../client/net/request.ts';
import type { DeviceProof, HttpRoutes, SessionView } from '../../server/protocol/accounts.ts';
import { fromBase64Url, toBase64Url } from '../../server/protocol/base64url.ts';
import { type AccountId, idOf } from '../../server/protocol/ids.ts';
import type { Notifications } from '../../server/protocol/notifications.ts';
import type { SignedLink } from '../../server/protocol/offices.ts';
import { Authenticator } from './authenticator.ts';
import { fetchFrom } from './fetch-from.ts';
import type { Person } from './gim-world.ts';
import type { TestServer } from './server.ts';

type Fact<Event extends keyof Notifications> = Parameters<Notifications[Event]>[0];
export type RegistrationBody = Parameters<HttpRoutes['POST /api/passkeys/registration']>[0];

/** Somebody with keys of his own and a browser that keeps cookies; passkeys in a software authenticator. */
export class Somebody {
  readonly server: Pick<TestServer, 'origin'>;
  readonly gim: Person;
  readonly cookies: CookieFetch;
  readonly http: Http;
  readonly authenticator: Authenticator;
  session: SessionView | null = null;
  readonly #sockets: Socket[] = [];
  readonly #agent: Agent | undefined;

  /** `agent`: where his connections come from; left out: wherever. */
  constructor(
    server: Pick<TestServer, 'origin'>,
    gim: Person,
    authenticator = new Authenticator({ origin: server.origin }),
    agent?: Agent,
  ) {
    this.#agent = agent;
    this.server = server;
    this.gim = gim;
    this.authenticator = authenticator;
    this.cookies = createCookieFetch(server.origin, agent && fetchFrom(agent));
    this.http = createHttp({ origin: server.origin, fetch: this.cookies.fetch });
  }

  get accountId(): AccountId {
    return idOf(this.gim.id);
  }

  get root(): SignedLink {
    const [boxes] = this.gim.shelf.boxesOf(this.gim.device.deviceId);
    const [link] = this.gim.shelf.links;
    if (!link || !boxes?.box) throw new Error('the chain has no root');
    return { link: toBase64Url(link), boxes: [toBase64Url(boxes.box)], previousBox: null };
  }

  prove(challenge: string): DeviceProof {
    return { deviceId: idOf(this.gim.device.deviceId), signature: toBase64Url(signSession(fromBase64Url(challenge), this.gim.signer)) };
  }

  /** What is sent to register, ready to be changed before it is. */
  async prepareRegistration(invitation?: { token: string; secret: Uint8Array }): Promise<RegistrationBody> {
    const { challengeId, options } = await this.http(
      'POST /api/passkeys/registration/options',
      invitation ? { invitationToken: invitation.token } : {},
    );
    return {
      challengeId,
      response: this.authenticator.create(options),
      root: this.root,
      links: [],
      device: this.prove(options.challenge),
      ...(invitation
        ? { invitation: { token: invitation.token, proof: toBase64Url(enrolmentProof(invitation.secret, this.gim.id)) } }
        : {}),
    };
  }

  async register(invitation?: { token: string; secret: Uint8Array }): Promise<this> {
    this.session = await this.http('POST /api/passkeys/registration', await this.prepareRegistration(invitation));
    return this;
  }

  async signIn(): Promise<this> {
    const { challengeId, options } = await this.http('POST /api/passkeys/authentication/options', {});
    this.session = await this.http('POST /api/passkeys/authentication', {
      challengeId,
      response: this.authenticator.get(options),
      device: this.prove(options.challenge),
    });
    return this;
  }

  async signInWithDevice(): Promise<this> {
    const { accountId } = this;
    const { challengeId, challenge } = await this.http('POST /api/sessions/challenge', { accountId });
    this.session = await this.http('POST /api/sessions', { challengeId, accountId, device: this.prove(challenge) });
    return this;
  }

  /** The passkey once more, in the session that is there. */
  async confirm(): Promise<this> {
    const { challengeId, options } = await this.http('POST /api/session/confirmation/options', {});
    this.session = await this.http('POST /api/session/confirmation', { challengeId, response: this.authenticator.get(options) });
    return this;
  }

  /** The session is bound to the device that the person holds now. */
  async bindSession(): Promise<this> {
    const { challengeId, challenge } = await this.http('POST /api/session/device/options', {});
    this.session = await this.http('POST /api/session/device', { challengeId, device: this.prove(challenge) });
    return this;
  }

  /** The chain's newest link as it is posted. */
  get newest(): SignedLink {
    return toSignedLink(this.gim.newest);
  }

  /** A connected line of the session. */
  async connect(origin = this.server.origin): Promise<Line> {
    const line = new Line(openSocket(origin, { ...this.cookies.headers(), origin }, this.#agent));
    this.#sockets.push(line.socket);
    await line.connected;
    return line;
  }

  close(): void {
    for (const socket of this.#sockets) socket.disconnect();
  }
}

/** One socket of somebody: commands, and facts in the order in which they came. */
export class Line {
  readonly socket: ClientSocket;
  readonly request: RequestFunction;
  /** Rejects with what the server said when it does not let the socket in. */
  readonly connected: Promise<void>;
  /** Why the line ended. */
  readonly closed: Promise<string>;
  readonly #told: { event: string; fact: unknown }[] = [];
  readonly #waiting = new Set<() => void>();

  constructor(socket: ClientSocket) {
    this.socket = socket;
    this.request = requestOver(socket);
    this.connected = new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    });
    this.connected.catch(() => undefined);
    this.closed = new Promise((resolve) => void socket.once('disconnect', resolve));
    socket.onAny((event: string, fact: unknown) => {
      this.#told.push({ event, fact });
      for (const look of this.#waiting) look();
    });
  }

  /** Everything told so far of this kind, oldest first. */
  told<Event extends keyof Notifications>(event: Event): readonly Fact<Event>[] {
    return this.#told.filter((one) => one.event === event).map(({ fact }) => fact as Fact<Event>);
  }

  /** The first fact of this kind, past or to come, that fits. */
  async next<Event extends keyof Notifications>(event: Event, fits: (fact: Fact<Event>) => boolean = () => true): Promise<Fact<Event>> {
    return await new Promise((resolve) => {
      const look = (): void => {
        const found = this.told(event).find(fits);
        if (found === undefined) return;
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }
}

export function openSocket(origin: string, headers: Readonly<Record<string, string>>, agent?: Agent): ClientSocket {
  // It hands agents on to ws, and its types say that they are texts.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const from = agent === undefined ? {} : { agent: agent as unknown as string };
  return io(origin, { transports: ['websocket'], forceNew: true, reconnection: false, extraHeaders: headers, ...from });
}
