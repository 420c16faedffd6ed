import { createDecipheriv, createECDH, createHmac, hkdfSync, randomBytes, verify, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { toBase64Url, type Base64Url } from '../../server/protocol/base64url.ts';
import { createDelivery, type Deliver } from '../../server/notifications/delivery.ts';

/** What arrived at a push service, and what the browser makes of it. */
export interface Arrived {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly notice: unknown;
}

export interface PushService {
  readonly arrived: readonly Arrived[];
  /** What the next request is answered with. */
  status: number;
  readonly deliver: Deliver;
  /** A browser's subscription, as `push:subscribe` wants it. */
  subscribe(name: string): { endpoint: string; publicKey: Base64Url; secret: Base64Url };
  /** The next notice, when it has come. */
  next(): Promise<Arrived>;
  close(): Promise<void>;
}

const pem = (name: string): string => readFileSync(new URL(`push-service/localhost-${name}.pem`, import.meta.url), 'utf8');

/** A push service on this machine that opens what it is given with the browser's keys, by RFC 8291 and RFC 8292. */
export async function startPushService(): Promise<PushService> {
  const browsers = new Map<string, { readonly ecdh: ReturnType<typeof createECDH>; readonly secret: Buffer }>();
  const arrived: Arrived[] = [];
  let waiting: PromiseWithResolvers<Arrived> | null = null;
  const server = createServer({ key: pem('key'), cert: pem('certificate') }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '';
      const browser = browsers.get(path);
      const notice: unknown = browser ? JSON.parse(decrypt(Buffer.concat(chunks), browser)) : null;
      requireSigned(request.headers.authorization ?? '');
      response.writeHead(service.status).end();
      const arrival = { path, headers: request.headers, notice };
      arrived.push(arrival);
      waiting?.resolve(arrival);
      waiting = null;
    });
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, 'localhost', resolve);
  await promise;
  const bound = server.address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : 0;
  const deliver = createDelivery({ mayReach: (address) => address === '127.0.0.1' || address === '::1', ca: pem('certificate') });
  const service: PushService = {
    arrived,
    status: 201,
    // The usual port of an address on the internet is not to be had here.
    deliver: async (request) => await deliver({ ...request, endpoint: `https://localhost:${port}${new URL(request.endpoint).pathname}` }),
    subscribe(name) {
      const ecdh = createECDH('prime256v1');
      const publicKey = ecdh.generateKeys();
      const secret = randomBytes(16);
      browsers.set(`/send/${name}`, { ecdh, secret });
      return { endpoint: `https://push.example.org/send/${name}`, publicKey: toBase64Url(publicKey), secret: toBase64Url(secret) };
    },
    async next() {
      waiting ??= Promise.withResolvers<Arrived>();
      return await waiting.promise;
    },
    async close() {
      server.closeAllConnections();
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      await closed.promise;
    },
  };
  return service;
}

/** RFC 8291 §3.4 and RFC 8188 §2, one record. */
function decrypt(body: Buffer, { ecdh, secret }: { ecdh: ReturnType<typeof createECDH>; secret: Buffer }): string {
  const salt = body.subarray(0, 16);
  const sender = body.subarray(21, 21 + (body[20] ?? 0));
  const sealed = body.subarray(21 + sender.length);
  const shared = ecdh.computeSecret(sender);
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), sender]);
  const input = createHmac('sha256', createHmac('sha256', secret).update(shared).digest())
    .update(Buffer.concat([info, Buffer.of(1)]))
    .digest();
  const derive = (label: string, length: number): Buffer =>
    Buffer.from(hkdfSync('sha256', input, salt, Buffer.from(`Content-Encoding: ${label}\0`), length));
  const decipher = createDecipheriv('aes-128-gcm', derive('aes128gcm', 16), derive('nonce', 12));
  decipher.setAuthTag(sealed.subarray(-16));
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2)).toString('utf8');
}

/** RFC 8292 §2: a token by the key that is named beside it. */
function requireSigned(authorization: string): void {
  const [, token = '', key = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? [];
  const point = Buffer.from(key, 'base64url');
  const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') };
  const [header = '', claims = '', signature = ''] = token.split('.');
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const isSigned = verify(
    'sha256',
    Buffer.from(`${header}.${claims}`),
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!isSigned) throw new Error('the notice is not signed by the key it names');
}
