import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

/** Names under which something secret or personal could reach a log line by mistake. */
const secrets = [
  'cookie',
  'authorization',
  'token',
  'secret',
  'displayName',
  'envelope',
  'box',
  'boxes',
  'link',
  'password',
  'response',
  'clientExtensionResults',
];

/** What drivers quote in their errors: PostgreSQL the row it refused, Redis the command with all that it carried. */
const quotes = ['err.detail', 'err.where', 'err.command'];

/** JSON lines on standard output. Ids only: never a name, a message, a key, an envelope. */
export function createLog(level: string, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]).concat(quotes), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
