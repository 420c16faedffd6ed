import type { RequestFunction } from '../../client/net/request.ts';
import type { CommandName, Request, Response } from '../../server/protocol/commands.ts';

export type Answers = { readonly [Name in CommandName]?: (request: Request<Name>) => Response<Name> };

/** A server that answers as it is told to. */
export function answering(answers: Answers): RequestFunction {
  return async (name, payload) => {
    const answer = answers[name];
    if (!answer) throw new Error(`nobody asked for ${name}`);
    return answer(payload);
  };
}
