import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../platform/app-error.ts';
import type { Caller } from '../platform/caller.ts';
import { parseBody } from '../platform/http.ts';
import type { Limit, RateLimit } from '../platform/rate-limit.ts';
import type { AttachmentProgress, AttachmentRoutes } from '../protocol/attachments.ts';
import { limits } from '../protocol/limits.ts';
import type { Attachments } from './attachments.ts';
import type { Blobs } from './blobs.ts';
import { readRange } from './range.ts';
import { maxBytes, partSchema, placeSchema, schemas } from './schemas.ts';

type Answer<Route extends keyof AttachmentRoutes> = Promise<ReturnType<AttachmentRoutes[Route]>>;

export interface AttachmentRoutesDependencies {
  readonly attachments: Attachments;
  readonly blobs: Blobs;
  readonly rateLimit: RateLimit;
  /** Who the request's session belongs to; null without one. */
  readonly callerOf: (request: FastifyRequest) => Promise<Caller | null>;
}

const beginLimit: Limit = { points: 600, perSeconds: 3_600 };
const partLimit: Limit = { points: 2_000, perSeconds: 60 };
const readLimit: Limit = { points: 300, perSeconds: 60 };
const octets = 'application/octet-stream';

/** Uploads in parts, and downloads. Who asks is known before anything of a body is read. */
export async function attachmentRoutes(
  http: FastifyInstance,
  { attachments, blobs, rateLimit, callerOf }: AttachmentRoutesDependencies,
): Promise<void> {
  const callers = new WeakMap<FastifyRequest, Caller>();
  const callerWith = async (request: FastifyRequest, name: string, limit: Limit): Promise<Caller> => {
    const caller = callers.get(request);
    if (!caller) throw new AppError('unauthenticated', 'no session');
    await rateLimit.take(name, caller.accountId, limit);
    return caller;
  };

  await http.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      const caller = await callerOf(request);
      if (!caller) throw new AppError('unauthenticated', 'no session');
      callers.set(request, caller);
      reply.header('cache-control', 'no-store');
    });
    // In an object of its own: what looks at every body for fields it must not have would look at each byte.
    scope.addContentTypeParser(octets, { parseAs: 'buffer', bodyLimit: limits.filePartBytes }, (_request, part, done) =>
      done(null, { part }),
    );

    scope.post('/api/attachments', async (request): Answer<'POST /api/attachments'> => {
      const caller = await callerWith(request, 'attachment:begin', beginLimit);
      const body = parseBody(schemas['POST /api/attachments'], request);
      if (body.bytes > maxBytes) throw new AppError('too_large', 'more than a file may have');
      return await attachments.begin(body, caller);
    });

    scope.put('/api/attachments/:fileId/:offset', async (request): Promise<AttachmentProgress> => {
      const caller = await callerWith(request, 'attachment:part', partLimit);
      const { fileId, offset } = inPath(partSchema.safeParse(request.params));
      return await attachments.write(fileId, { offset, part: partOf(request.body) }, caller);
    });

    scope.post('/api/attachments/finish', async (request): Answer<'POST /api/attachments/finish'> => {
      const caller = await callerWith(request, 'attachment:begin', beginLimit);
      return await attachments.finish(parseBody(schemas['POST /api/attachments/finish'], request), caller);
    });

    scope.post('/api/attachments/discard', async (request): Answer<'POST /api/attachments/discard'> => {
      const caller = await callerWith(request, 'attachment:begin', beginLimit);
      await attachments.discard(parseBody(schemas['POST /api/attachments/discard'], request).fileId, caller);
      return {};
    });

    scope.get('/api/attachments/:conversationId/:fileId', async (request, reply): Promise<FastifyReply> => {
      const caller = await callerWith(request, 'attachment:read', readLimit);
      const { conversationId, fileId } = inPath(placeSchema.safeParse(request.params));
      const { bytes } = await attachments.requireStored(fileId, conversationId, caller);
      // Nobody should ever come here with the address bar. Who does gets a file that nothing opens.
      reply
        .header('content-disposition', 'attachment')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .header('accept-ranges', 'bytes')
        .type(octets);
      const range = readRange(request.headers.range, bytes);
      if (range === 'unsatisfiable') return await reply.code(416).header('content-range', `bytes */${bytes}`).send();
      if (range !== null) reply.code(206).header('content-range', `bytes ${range.from}-${range.to}/${bytes}`);
      const { from, to } = range ?? { from: 0, to: bytes - 1 };
      return await reply.header('content-length', to - from + 1).send(blobs.read(fileId, { from, to }));
    });
  });
}

/** What an address names is there or is not: a shape that no id has is not. */
function inPath<Value>(parsed: { success: true; data: Value } | { success: false }): Value {
  if (!parsed.success) throw new AppError('not_found', 'no such address');
  return parsed.data;
}

function partOf(body: unknown): Uint8Array {
  if (typeof body === 'object' && body !== null && 'part' in body && body.part instanceof Uint8Array) return body.part;
  throw new AppError('bad_request', 'a part is octets');
}
