import { execFile, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { DtlsParameters } from 'mediasoup-client/types';
import { keyingMaterialBytes, SrtpSender } from './srtp.ts';
import { bindingRequest, isStun, isSuccess, type IceCredentials } from './stun.ts';

/** OpenSSL's names (RFC 5764 §4.1.2, RFC 7714 §14.2). */
export type SrtpSuite = 'SRTP_AEAD_AES_256_GCM' | 'SRTP_AEAD_AES_128_GCM' | 'SRTP_AES128_CM_SHA1_80';

/** A self-signed certificate for all peers of a test. */
export interface Identity {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly dtlsParameters: DtlsParameters;
  remove(): Promise<void>;
}

export interface MediaPeerOptions {
  readonly identity: Identity;
  readonly workerPort: number;
  readonly ice: IceCredentials;
  readonly suite: SrtpSuite;
}

const consentEveryMs = 5_000;
const retryEveryMs = 200;

/**
 * A peer without a browser: real ICE, a real DTLS handshake (by the program openssl), real SRTP. It answers nothing that it
 * receives, and counts the packets of tracks.
 */
export class MediaPeer {
  readonly #socket: Socket;
  readonly #options: MediaPeerOptions;
  readonly #srtp: SrtpSender;
  readonly #consent: NodeJS.Timeout;
  received = 0;

  /** To be called after the sfu knows the peer's DTLS parameters. */
  static async connect(options: MediaPeerOptions): Promise<MediaPeer> {
    const before = await bind(0);
    await nominate(before, options);
    const { port } = before.address();
    before.close();
    await once(before, 'close');
    const keyingMaterial = await shakeHands(port, options);
    return new MediaPeer(await bind(port), options, new SrtpSender(keyingMaterial));
  }

  private constructor(socket: Socket, options: MediaPeerOptions, srtp: SrtpSender) {
    this.#socket = socket;
    this.#options = options;
    this.#srtp = srtp;
    socket.on('message', (datagram) => {
      if (isMedia(datagram)) this.received += 1;
    });
    // RFC 7675: without it the worker lets it go.
    this.#consent = setInterval(() => this.send(bindingRequest(options.ice)), consentEveryMs);
  }

  /** As it is, to the worker. */
  send(datagram: Buffer): void {
    this.#socket.send(datagram, this.#options.workerPort, '127.0.0.1');
  }

  /** What it would send. */
  seal(header: Buffer, payload: Buffer): Buffer {
    return this.#srtp.protect(header, payload);
  }

  /** @returns what went over the line. */
  sendRtp(header: Buffer, payload: Buffer): Buffer {
    const datagram = this.seal(header, payload);
    this.send(datagram);
    return datagram;
  }

  sendRtcp(packet: Buffer): void {
    this.send(this.#srtp.protectControl(packet));
  }

  /** Calls back with every RTCP packet, of which only the first eight bytes can be read. */
  onControl(listener: (datagram: Buffer) => void): void {
    this.#socket.on('message', (datagram) => {
      if (!isStun(datagram) && !isMedia(datagram)) listener(datagram);
    });
  }

  /** Calls back with every packet of a track. */
  onMedia(listener: () => void): void {
    this.#socket.on('message', (datagram) => {
      if (isMedia(datagram)) listener();
    });
  }

  /** Resolves when a packet of a track arrives that is so long or longer. */
  async untilLong(bytes: number): Promise<void> {
    for (;;) {
      const [datagram] = await once(this.#socket, 'message');
      if (isMedia(datagram) && datagram.length >= bytes) return;
    }
  }

  /** Like a page whose machine was switched off: no good-bye, and no consent any more. */
  fallSilent(): void {
    clearInterval(this.#consent);
  }

  close(): void {
    this.fallSilent();
    this.#socket.close();
  }
}

/** RTP, and not the RTCP that shares its port (RFC 5761 §4). */
function isMedia(datagram: Buffer): boolean {
  const [first = 0, second = 0] = datagram;
  return first >> 6 === 2 && (second < 192 || second > 223);
}

export async function createIdentity(): Promise<Identity> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-peer-'));
  const certificateFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'key.pem');
  const subject = ['-subj', '/CN=peer', '-days', '2', '-nodes', '-out', certificateFile, '-keyout', keyFile];
  await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...subject]);
  const { fingerprint256: value } = new X509Certificate(await readFile(certificateFile));
  return {
    certificateFile,
    keyFile,
    dtlsParameters: { role: 'client', fingerprints: [{ algorithm: 'sha-256', value }] },
    remove: async () => await rm(directory, { recursive: true }),
  };
}

async function bind(port: number): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1024 * 1024 });
  socket.bind(port, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

async function nominate(socket: Socket, { workerPort, ice }: MediaPeerOptions): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('message', (datagram) => {
    if (isSuccess(datagram)) resolve();
  });
  const ask = (): void => socket.send(bindingRequest(ice), workerPort, '127.0.0.1');
  ask();
  const again = setInterval(ask, retryEveryMs);
  await promise;
  clearInterval(again);
}

/** From the port that ICE has nominated; the worker accepts no other. */
async function shakeHands(port: number, { identity, workerPort, suite }: MediaPeerOptions): Promise<Buffer> {
  const address = ['-dtls1_2', '-connect', `127.0.0.1:${workerPort}`, '-bind', `127.0.0.1:${port}`];
  const certificate = ['-cert', identity.certificateFile, '-key', identity.keyFile];
  // RFC 5764 §4.2.
  const keys = ['-use_srtp', suite, '-keymatexport', 'EXTRACTOR-dtls_srtp', '-keymatexportlen', `${keyingMaterialBytes}`];
  const child = spawn('openssl', ['s_client', ...address, ...certificate, ...keys], { stdio: ['pipe', 'pipe', 'pipe'] });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  let output = '';
  const read = (bytes: Buffer): void => {
    output += bytes.toString();
    const [, hex] = /Keying material: ([0-9A-F]+)/.exec(output) ?? [];
    if (hex?.length === 2 * keyingMaterialBytes) resolve(Buffer.from(hex, 'hex'));
  };
  child.stdout.on('data', read);
  child.stderr.on('data', read);
  child.once('exit', () => reject(new Error(`no DTLS handshake:\n${output}`)));
  const exited = once(child, 'exit');
  try {
    return await promise;
  } finally {
    // Killed, it says no good-bye, and the connection stays.
    child.kill('SIGKILL');
    await exited;
  }
}
