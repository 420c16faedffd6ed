import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Locale, locales } from '../protocol/locale.ts';
import { AppError } from './app-error.ts';

/** Of somebody whose browser asks for none of ours. */
const defaultLocale: Locale = 'fr';

/**
 * The client as it was built: hashed files for ever, pages never from a cache. Every address below a language is a page of
 * the client's own routes. Nothing else in the directory is served: no source maps, nothing with a dot in front.
 */
export async function servePages(http: FastifyInstance, directory: string): Promise<void> {
  await http.register(fastifyStatic, {
    root: directory,
    serve: false,
    dotfiles: 'ignore',
    maxAge: '365d',
    immutable: true,
    allowedPath: (path) => !path.endsWith('.map'),
  });

  http.get('/assets/:file', async ({ params: { file } }: FastifyRequest<{ Params: { file: string } }>, reply) => {
    if (!/^[\w-][\w.-]*$/.test(file)) throw new AppError('not_found', 'no such file');
    return reply.sendFile(`assets/${file}`);
  });

  // One name for good: browsers look for a newer one under it.
  http.get('/service-worker.js', async (_request, reply) => sendPage(reply, 'service-worker.js'));

  http.get('/', async (request, reply) => {
    const locale = chooseLocale(request.headers['accept-language'] ?? '');
    return reply.header('vary', 'accept-language').header('cache-control', 'no-store').redirect(`/${locale}/`, 302);
  });

  for (const locale of locales) {
    http.get(`/${locale}`, async (_request, reply) => reply.redirect(`/${locale}/`, 308));
    http.get(`/${locale}/`, async (_request, reply) => sendPage(reply, `${locale}/index.html`));
    http.get(`/${locale}/*`, async (request: FastifyRequest<{ Params: { '*': string } }>, reply) => {
      // A name with a dot or a backslash is a file somebody looks for, not a page (H12).
      if (!/^[\w/-]+$/.test(request.params['*'])) throw new AppError('not_found', 'no such page');
      return sendPage(reply, `${locale}/page.html`);
    });
  }
}

function sendPage(reply: FastifyReply, file: string): FastifyReply {
  return reply.header('cache-control', 'no-store').sendFile(file, { cacheControl: false });
}

/** The first of ours in the order of preference (RFC 9110 §12.5.4). */
export function chooseLocale(acceptLanguage: string): Locale {
  const wishes = acceptLanguage
    .slice(0, 1_000)
    .split(',')
    .map((wish) => {
      const [tag = '', ...parameters] = wish.trim().toLowerCase().split(';');
      const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find((text) => text !== undefined);
      return { language: tag.split('-')[0], quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .sort((one, other) => other.quality - one.quality);
  return wishes.flatMap(({ language }) => locales.filter((locale) => locale === language))[0] ?? defaultLocale;
}
