import { createHash, randomBytes } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** `__Host-`: from this host only, over a connection the browser trusts, for all paths. Browsers trust http://localhost too. */
const sessionCookie = '__Host-schalter';
const ceremonyCookie = '__Host-schalter-ceremony';
const attributes = { path: '/', httpOnly: true, secure: true, sameSite: 'strict' } as const;

/** The session's token, from a parsed Cookie header. */
export function readToken(cookies: Readonly<Record<string, string | undefined>>): string | null {
  return cookies[sessionCookie] ?? null;
}

export function setToken(reply: FastifyReply, token: string): void {
  reply.setCookie(sessionCookie, token, attributes);
}

export function clearToken(reply: FastifyReply): void {
  reply.clearCookie(sessionCookie, attributes);
}

/**
 * What ties a ceremony's challenge to the browser that asked for it: a random value in a cookie of its own, of which
 * the hash is stored. Made when the browser has none; kept after the browser is closed when it is bound for longer.
 */
export function bindBrowser(request: FastifyRequest, reply: FastifyReply, { forMs }: { readonly forMs?: number } = {}): Uint8Array {
  const known = request.cookies[ceremonyCookie];
  const value = known !== undefined && /^[\w-]{43}$/.test(known) ? known : randomBytes(32).toString('base64url');
  if (forMs !== undefined) reply.setCookie(ceremonyCookie, value, { ...attributes, maxAge: Math.floor(forMs / 1_000) });
  else if (value !== known) reply.setCookie(ceremonyCookie, value, attributes);
  return createHash('sha256').update(value).digest();
}

/** Null from a browser that never asked for a challenge. */
export function readBrowser(request: FastifyRequest): Uint8Array | null {
  const value = request.cookies[ceremonyCookie];
  return value === undefined ? null : createHash('sha256').update(value).digest();
}
