import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

export interface BundleSite {
  readonly http: Server;
  readonly origin: string;
  close(): Promise<void>;
}

/** One module of the client with all it imports and its workers, on every path of a free loopback port; `data` is in the page's `html[data-…]`. */
export async function serveBundle(path: string, data: Readonly<Record<string, string>> = {}): Promise<BundleSite> {
  const files = await bundle(path);
  const attributes = Object.entries(data).map(([name, value]) => ` data-${name}="${value}"`);
  const page = `<!doctype html><html${attributes.join('')}><title>test</title><script type="module" src="${entryPath}"></script></html>`;
  const http = createServer(({ url }, response) => {
    const script = files.get(url ?? '');
    response.writeHead(200, { 'content-type': script === undefined ? 'text/html' : 'text/javascript' });
    response.end(script ?? page);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  http.listen(0, '127.0.0.1', resolve);
  await listening;
  const bound = http.address();
  if (bound === null || typeof bound === 'string') throw new Error('the site is not listening');
  return {
    http,
    origin: `http://127.0.0.1:${bound.port}`,
    close: async () => {
      http.closeAllConnections();
      const { promise, resolve: closed } = Promise.withResolvers<void>();
      http.close(() => closed());
      await promise;
    },
  };
}

const entryPath = '/entry.js';

async function bundle(path: string): Promise<ReadonlyMap<string, string>> {
  const entry = fileURLToPath(new URL(path, import.meta.url));
  const outputs = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      target: 'esnext',
      modulePreload: { polyfill: false },
      rolldownOptions: { input: entry, output: { entryFileNames: entryPath.slice(1) } },
    },
    worker: { format: 'es' },
  });
  const results = Array.isArray(outputs) ? outputs : [outputs];
  const files = results.flatMap((result) => ('output' in result ? result.output : []));
  return new Map(files.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : String(file.source)]));
}
