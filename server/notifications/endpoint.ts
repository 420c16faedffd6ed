import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { AppError } from '../platform/app-error.ts';

/** What no push service on the internet has: addresses of this machine, of private networks, of nobody (RFC 6890; reliability.md C09). */
const inside = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inside.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inside.addSubnet(network, prefix, 'ipv6');

/** Whether a machine at this address may be told something. An IPv4 address in IPv6 clothes is judged by what it is. */
export function isPublicAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return isPublicAddress(mapped);
  if (/^::ffff:/i.test(address)) return false;
  const family = isIP(address);
  return family !== 0 && !inside.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Throws `bad_request` unless it is an HTTPS address of a named host on its usual port, as push services have. */
export function requirePushEndpoint(text: string): URL {
  const url = URL.parse(text);
  const isPlain = url?.protocol === 'https:' && url.port === '' && url.username === '' && url.password === '' && url.hash === '';
  if (!url || !isPlain || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 || !url.hostname.includes('.'))
    throw new AppError('bad_request', 'not the address of a push service');
  return url;
}

/**
 * Looks a name up and gives the connection only addresses that may be reached, so that a name that means this machine, now or at the
 * next question, leads nowhere.
 */
export function lookupWithin(mayReach: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) =>
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const reachable = (found ?? []).filter(({ address }) => mayReach(address));
      const [first] = reachable;
      if (error || !first) return done(error ?? Object.assign(new Error('no address that may be reached'), { code: 'EACCES' }), '', 0);
      return options.all === true ? done(null, reachable) : done(null, first.address, first.family);
    });
}
