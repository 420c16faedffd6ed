import { Agent, type IncomingHttpHeaders, request } from 'node:http';

/** Connections that leave from an address of this machine: all of 127.0.0.0/8 is there. */
export const agentFrom = (localAddress: string): Agent => new Agent({ localAddress, family: 4, keepAlive: true });

/** A fetch whose requests come from that agent's address, for what servers count by address. */
export function fetchFrom(agent: Agent): typeof globalThis.fetch {
  return async (input, init) => {
    const { method = 'GET', headers, body, signal } = init ?? {};
    return await new Promise((resolve, reject) => {
      const options = { agent, method, headers: Object.fromEntries(new Headers(headers)), ...(signal ? { signal } : {}) };
      const sending = request(input instanceof Request ? input.url : input, options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => void chunks.push(chunk));
        answer.once('error', reject);
        answer.once('end', () => {
          const { statusCode: status = 500 } = answer;
          resolve(new Response(status === 204 ? null : Buffer.concat(chunks), { status, headers: headersOf(answer.headers) }));
        });
      });
      sending.once('error', reject);
      sending.end(typeof body === 'string' ? body : undefined);
    });
  };
}

function headersOf(received: IncomingHttpHeaders): Headers {
  const headers = new Headers();
  for (const [name, value = []] of Object.entries(received)) for (const each of [value].flat()) headers.append(name, each);
  return headers;
}
