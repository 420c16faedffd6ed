import type { Logger } from 'pino';
import { paramsSchemas, type AnswerMessage, type RequestMessage } from '../protocol/messages.ts';
import type { SfuMethod, SfuResult } from '../protocol/requests.ts';
import { SfuError } from '../rooms/sfu-error.ts';
import type { SfuHandlers } from './handlers.ts';

/** The one place where a request is checked, run, and its error caught. */
export async function answer({
  handlers,
  log,
  request,
}: {
  handlers: SfuHandlers;
  log: Logger;
  request: RequestMessage;
}): Promise<AnswerMessage> {
  const { id, method, params } = request;
  try {
    if (!isMethod(method)) throw new SfuError('bad_request', 'unknown method');
    return { id, result: await run(handlers, method, params) };
  } catch (error) {
    if (error instanceof SfuError) {
      log.info({ method, code: error.code, err: error.cause }, error.message);
      return { id, error: { code: error.code, message: error.message } };
    }
    log.error({ method, err: error }, 'request failed');
    return { id, error: { code: 'internal', message: 'internal error' } };
  }
}

async function run<Method extends SfuMethod>(handlers: SfuHandlers, method: Method, params: unknown): Promise<SfuResult<Method>> {
  const parsed = paramsSchemas[method].safeParse(params);
  if (!parsed.success)
    throw new SfuError('bad_request', parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
  return await handlers[method](parsed.data);
}

function isMethod(method: string): method is SfuMethod {
  return Object.hasOwn(paramsSchemas, method);
}
