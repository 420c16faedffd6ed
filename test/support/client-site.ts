import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';
import { catalogues } from '../../client/build/catalogues.ts';
import { icons } from '../../client/build/icons.ts';
import { splitPath } from '../../client/i18n/locale.ts';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** What the client must live with (ux.md finding 10). */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; media-src 'self' blob:; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types lit-html schalter-worker";

export interface ClientSite {
  readonly origin: string;
  /** Answers of `/api/…`, by path; anything else there is 503, as if the server were down. */
  readonly api: Map<string, unknown>;
  close(): Promise<void>;
}

/**
 * The built client alone, on a loopback port, under the strict policy: for what needs no server. With a `fixture`, that module alone, in the
 * page `/fixture.html`.
 */
export async function openClientSite({ fixture }: { fixture?: URL } = {}): Promise<ClientSite> {
  const directory = await mkdtemp(join(tmpdir(), 'schalter-client-'));
  const client = fileURLToPath(new URL('../../client/', import.meta.url));
  if (fixture === undefined) {
    await build({ configFile: join(client, 'vite.config.ts'), logLevel: 'warn', build: { outDir: directory } });
  } else {
    await build({
      configFile: false,
      logLevel: 'warn',
      root: fileURLToPath(new URL('.', fixture)),
      plugins: [catalogues(), icons(), inFixturePage(fixture)],
      build: {
        outDir: directory,
        emptyOutDir: true,
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
        rolldownOptions: { input: fileURLToPath(new URL('fixture.html', fixture)) },
      },
    });
  }
  const api = new Map<string, unknown>();
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    if (pathname.startsWith('/api/')) {
      response.statusCode = api.has(pathname) ? 200 : 503;
      response.setHeader('content-type', 'application/json').end(JSON.stringify(api.get(pathname) ?? null));
      return;
    }
    const file = fileFor(pathname);
    readFile(join(directory, file)).then(
      (content) =>
        response
          .setHeader('content-type', contentTypes[extname(file)] ?? '')
          .setHeader('content-security-policy', contentSecurityPolicy)
          .end(content),
      () => response.writeHead(404).end(),
    );
  });
  const port = await listen(server);
  return {
    origin: `http://localhost:${port}`,
    api,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true });
    },
  };
}

/** One page for all fixtures, beside them: what differs is the module. */
function inFixturePage(fixture: URL): Plugin {
  const name = basename(fixture.pathname);
  return { name: 'fixture', transformIndexHtml: { order: 'pre', handler: (html) => html.replace('./fixture.ts', `./${name}`) } };
}

/** Pages by language, as the server does it: the start page has a file of its own. */
function fileFor(pathname: string): string {
  const address = splitPath(pathname);
  if (address === null) return extname(pathname) === '' ? '/index.html' : pathname;
  return `/${address.locale}/${address.path === '/' ? 'index' : 'page'}.html`;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
