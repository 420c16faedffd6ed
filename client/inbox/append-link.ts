import type { SignedLink } from '../../server/protocol/offices.ts';
import { RequestError } from '../net/request-error.ts';
import type { RequestFunction } from '../net/request.ts';
import { untilAnswered } from '../net/until-answered.ts';
import type { BuildLink, MembershipParts } from './membership.ts';

/** How often somebody else's link may come first. */
const maxTries = 4;
/** How often the same link is sent while nobody answers. */
const maxSendings = 4;

/**
 * Builds a link and appends it; anew on the newer head when somebody else's came first, as long as it still makes sense: `build` throws
 * when it does not. The own copy of the chain has it then. Throws a CryptoError or a RequestError.
 */
export async function appendLink(parts: MembershipParts, request: RequestFunction, build: BuildLink): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const link = await build(parts);
    try {
      await sendLink(parts, request, link);
      return;
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'conflict' || tries === maxTries) throw error;
    }
  }
}

/** Appends a finished link; the same one again when the answer is lost. Throws a RequestError: `conflict` when another one came first. */
export async function sendLink(parts: MembershipParts, request: RequestFunction, link: SignedLink): Promise<void> {
  const { inboxId, inboxChains } = parts;
  let sent = 0;
  await untilAnswered(
    async () => await request('inbox:append', { inboxId, link }),
    () => ++sent < maxSendings,
  );
  await inboxChains.load(inboxId, { fresh: true });
}
