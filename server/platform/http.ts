import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { AppError } from './app-error.ts';
import { failure } from './failure.ts';
import type { Log } from './log.ts';
import type { Limit, RateLimit } from './rate-limit.ts';
import type { ErrorCode } from '../protocol/errors.ts';

const statusOf: Readonly<Record<ErrorCode, number>> = {
  bad_request: 400,
  unauthenticated: 401,
  passkey_refused: 401,
  step_up_needed: 403,
  last_way_in: 409,
  invitation_invalid: 403,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  slot_taken: 409,
  invalid_slot: 400,
  closed: 409,
  stale_epoch: 409,
  bad_state: 409,
  slow_down: 429,
  too_large: 413,
  quota: 403,
  no_space: 507,
  unknown_command: 404,
  unavailable: 503,
  internal: 500,
};

export interface HttpDependencies {
  readonly origin: string;
  readonly log: Log;
}

/** Fastify with what every answer carries (reliability.md L15) and every request must satisfy (H05, H08, H10, H13). */
export async function createHttp({ origin, log }: HttpDependencies): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: 1024 * 1024,
    connectionTimeout: 30_000,
    requestTimeout: 30_000,
    keepAliveTimeout: 10_000,
    forceCloseConnections: true,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: false },
    // Slow headers are given up after ten seconds, slow bodies with requestTimeout (H07).
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000, maxHeaderSize: 16 * 1024 },
  });
  // A form of another site can send text without asking first (H05).
  app.removeContentTypeParser('text/plain');
  const secure = origin.startsWith('https:');
  await app.register(cookie);
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        'default-src': ["'none'"],
        // libsodium is WebAssembly and has no other form.
        'script-src': ["'self'", "'wasm-unsafe-eval'"],
        'style-src': ["'self'"],
        'img-src': ["'self'", 'data:', 'blob:'],
        'font-src': ["'self'"],
        // Older Safari does not count a WebSocket of the same host as 'self'.
        'connect-src': ["'self'", origin.replace(/^http/, 'ws')],
        'worker-src': ["'self'"],
        'media-src': ["'self'", 'blob:'],
        'manifest-src': ["'self'"],
        'base-uri': ["'none'"],
        'form-action': ["'self'"],
        'frame-ancestors': ["'none'"],
        'require-trusted-types-for': ["'script'"],
        // lit-html makes the pages; schalter-worker lets workers of our own start.
        'trusted-types': ['lit-html', 'schalter-worker'],
        'report-uri': ['/api/csp-reports'],
      },
    },
    crossOriginOpenerPolicy: { policy: 'same-origin' },
    crossOriginEmbedderPolicy: { policy: 'require-corp' },
    crossOriginResourcePolicy: { policy: 'same-origin' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: secure ? { maxAge: 63_072_000, includeSubDomains: true } : false,
    xFrameOptions: { action: 'deny' },
  });
  app.addHook('onRequest', async (request, reply) => {
    reply.header(
      'permissions-policy',
      'camera=(self), microphone=(self), display-capture=(self), publickey-credentials-get=(self), publickey-credentials-create=(self), geolocation=()',
    );
    if (request.url.length > 8 * 1024) throw new AppError('bad_request', 'address too long');
    // Whoever watches the server asks it by any name it has.
    if (watched.has(request.url)) return;
    if (request.headers.host !== new URL(origin).host) throw new AppError('bad_request', 'another host');
    if (request.method !== 'GET' && request.method !== 'HEAD') refuseForeign(request, origin);
  });
  app.setErrorHandler((error, request, reply) => sendFailure(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => sendFailure(new AppError('not_found', 'no such address'), request, reply, log));
  return app;
}

/** Whether the process runs, and whether it can work. */
const watched = new Set(['/livez', '/readyz']);

/** A change is asked for by our own pages or by programs that are no browser; never by another site (H13). */
function refuseForeign(request: FastifyRequest, origin: string): void {
  const site = request.headers['sec-fetch-site'];
  const foreign =
    (request.headers.origin !== undefined && request.headers.origin !== origin) || (site !== undefined && site !== 'same-origin');
  if (foreign) throw new AppError('forbidden', 'a request from another site');
}

/** Fastify's own refusals (body too large, malformed JSON, wrong media type) in our words. */
function asAppError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error) || !('statusCode' in error)) return error;
  if (error.statusCode === 413) return new AppError('too_large', 'body too large', { cause: error });
  if (typeof error.statusCode === 'number' && error.statusCode < 500)
    return new AppError('bad_request', 'unreadable request', { cause: error });
  return error;
}

function sendFailure(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): FastifyReply {
  const answer = failure(asAppError(error), log, { route: `${request.method} ${request.routeOptions.url ?? 'unknown'}` });
  if (answer.retryAfterMs !== undefined) reply.header('retry-after', Math.ceil(answer.retryAfterMs / 1_000));
  return reply.code(statusFor(error, answer.code)).header('cache-control', 'no-store').send({ error: answer });
}

/** Fastify's own refusals say more precisely what was wrong: 414, 415, 431. */
function statusFor(error: unknown, code: ErrorCode): number {
  const isFastifys = code === 'bad_request' && error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number';
  return isFastifys ? Number(error.statusCode) : statusOf[code];
}

/** Parses a body at the door. Throws `bad_request` naming the fields, never their values. */
export function parseBody<Body>(schema: z.ZodType<Body>, request: FastifyRequest): Body {
  const parsed = schema.safeParse(request.body ?? {});
  if (!parsed.success)
    throw new AppError('bad_request', parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.code}`).join(', '));
  return parsed.data;
}

/** Per address, for routes that anybody may call. */
export async function limitByAddress(rateLimit: RateLimit, name: string, request: FastifyRequest, limit: Limit): Promise<void> {
  await rateLimit.take(name, request.ip, limit);
}
