import type { HttpRoutes } from '../../server/protocol/accounts.ts';
import { limits } from '../../server/protocol/limits.ts';
import { errorCodes, type ErrorAnswer } from '../../server/protocol/errors.ts';
import type { OfficeView } from '../../server/protocol/offices.ts';
import { noAnswer, RequestError } from './request-error.ts';

interface Routes extends HttpRoutes {
  'GET /api/offices': () => readonly OfficeView[];
}

/** Calls one route and gives its answer; throws a RequestError. */
export type Http = <Route extends keyof Routes>(route: Route, ...body: Parameters<Routes[Route]>) => Promise<ReturnType<Routes[Route]>>;

/** The typed HTTP calls. `fetch` is handed over where no browser keeps the cookie. */
export function createHttp({ origin, fetch }: { readonly origin: string; readonly fetch: typeof globalThis.fetch }): Http {
  return async <Route extends keyof Routes>(route: Route, ...body: Parameters<Routes[Route]>) => {
    const [method = 'GET', path = '/'] = route.split(' ');
    const response = await fetchAnswer(fetch, new URL(path, origin), {
      method,
      credentials: 'same-origin',
      signal: AbortSignal.timeout(limits.requestTimeoutMs),
      ...(method === 'POST' ? { body: JSON.stringify(body[0] ?? {}), headers: { 'content-type': 'application/json' } } : {}),
    });
    // The contract is the server's promise; what is verified is verified by the cryptography.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    return response as ReturnType<Routes[Route]>;
  };
}

/** Fetches an answer in JSON, or null; throws a RequestError. */
export async function fetchAnswer(fetch: typeof globalThis.fetch, url: URL, init: RequestInit): Promise<unknown> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(url, init);
    answer = response.status === 204 ? null : await response.json();
  } catch (error) {
    // No line, too slow, or something between us and the server that does not speak JSON.
    throw noAnswer(error);
  }
  if (response.ok) return answer;
  throw isFailure(answer) ? new RequestError(answer.error) : noAnswer(`status ${response.status} without an error of ours`);
}

function isFailure(answer: unknown): answer is { readonly error: ErrorAnswer } {
  if (typeof answer !== 'object' || answer === null || !('error' in answer)) return false;
  const { error } = answer;
  return typeof error === 'object' && error !== null && 'code' in error && errorCodes.some((code) => code === error.code);
}
