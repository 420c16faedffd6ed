import type { FastifyInstance } from 'fastify';
import { type Database, pingDatabase } from './database.ts';
import type { Log } from './log.ts';
import type { RateLimit } from './rate-limit.ts';

const maxReportBytes = 16 * 1024;

/** What whoever watches the server asks, and where browsers report what the content security policy stopped. */
export function watchRoutes(
  http: FastifyInstance,
  { database, rateLimit, log }: { readonly database: Database; readonly rateLimit: RateLimit; readonly log: Log },
): void {
  http.get('/livez', async (_request, reply) => reply.header('cache-control', 'no-store').send({ ok: true }));

  http.get('/readyz', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    const ready = await pingDatabase(database).then(
      () => true,
      () => false,
    );
    return reply.code(ready ? 200 : 503).send({ ok: ready });
  });

  http.addContentTypeParser(
    ['application/csp-report', 'application/reports+json'],
    { parseAs: 'string', bodyLimit: maxReportBytes },
    (_request, body, done) => done(null, body),
  );
  http.post('/api/csp-reports', async (request, reply) => {
    reply.code(204);
    // Ten a minute of an address are enough to see what is wrong; the rest is thrown away unsaid (H25).
    const keeps = await rateLimit.take('csp-reports', request.ip, { points: 10, perSeconds: 60 }).then(
      () => true,
      () => false,
    );
    if (keeps && typeof request.body === 'string') log.warn({ report: request.body.slice(0, 2_000) }, 'content security policy');
    return null;
  });
}
