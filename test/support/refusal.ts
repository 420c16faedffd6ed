import { RequestError } from '../../client/net/request-error.ts';
import { AppError } from '../../server/platform/app-error.ts';

/** The code with which something is refused, over the wire or by the server's own functions, or `accepted`. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof AppError || error instanceof RequestError) return error.code;
    throw error;
  }
}
