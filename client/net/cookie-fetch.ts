export interface CookieFetch {
  readonly fetch: typeof globalThis.fetch;
  /** What a socket's handshake needs: the cookie and the origin a browser would send. */
  headers(): Record<string, string>;
}

/** A fetch that keeps the cookies of one origin, for programs without a browser. */
export function createCookieFetch(origin: string, plainFetch: typeof globalThis.fetch = globalThis.fetch): CookieFetch {
  const cookies = new Map<string, string>();
  const headers = () => ({
    origin,
    ...(cookies.size > 0 ? { cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; ') } : {}),
  });

  const keep = (line: string) => {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const name = pair.slice(0, pair.indexOf('='));
    const value = pair.slice(pair.indexOf('=') + 1);
    const expired = value === '' || attributes.some((attribute) => /^max-age=0$/i.test(attribute));
    if (expired) cookies.delete(name);
    else cookies.set(name, value);
  };

  return {
    headers,
    fetch: async (input, init) => {
      const response = await plainFetch(input, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), ...headers() } });
      for (const line of response.headers.getSetCookie()) keep(line);
      return response;
    },
  };
}
