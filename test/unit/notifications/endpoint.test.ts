import { expect, test } from 'vitest';
import { createDelivery } from '../../../server/notifications/delivery.ts';
import { isPublicAddress } from '../../../server/notifications/endpoint.ts';

test.each(['8.8.8.8', '2a00:1450:4001:81b::200a', '::ffff:8.8.8.8'])('%s may be reached', (address) => {
  expect(isPublicAddress(address)).toBe(true);
});

// reliability.md C09.
test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '255.255.255.255',
  '224.0.0.1',
  '::1',
  '::',
  'fe80::1',
  'fd00::1',
  '::ffff:10.0.0.1',
  '::ffff:7f00:1',
  '64:ff9b::a00:1',
  'push.example.org',
  '',
])('"%s" may not', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test('a name that means this machine leads nowhere', async () => {
  const deliver = createDelivery();
  await expect(deliver({ endpoint: 'https://localhost/send', headers: {}, body: Buffer.alloc(0) })).rejects.toThrow(
    'no address that may be reached',
  );
});
