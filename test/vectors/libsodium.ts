/** libsodium test/default/kdf.exp: crypto_kdf_derive_from_key(64, id, "KDF test", 00 01 … 1f), id 0 to 9. */
export const kdf = [
  'a0c724404728c8bb95e5433eb6a9716171144d61efb23e74b873fcbeda51d8071b5d70aae12066dfc94ce943f145aa176c055040c3dd73b0a15e36254d450614',
  '02507f144fa9bf19010bf7c70b235b4c2663cc00e074f929602a5e2c10a780757d2a3993d06debc378a90efdac196dd841817b977d67b786804f6d3cd585bab5',
  '1944da61ff18dc2028c3578ac85be904931b83860896598f62468f1cb5471c6a344c945dbc62c9aaf70feb62472d17775ea5db6ed5494c68b7a9a59761f39614',
  '131c0ca1633ed074986215b264f6e0474f362c52b029effc7b0f75977ee89cc95d85c3db87f7e399197a25411592beeeb7e5128a74646a460ecd6deb4994b71e',
  'a7023a0bf9be245d078aed26bcde0465ff0cc0961196a5482a0ff4ff8b4015971e13611f50529cb408f5776b14a90e7c3dd9160a22211db64ff4b5c0b9953680',
  '50f49313f3a05b2e565c13feedb44daa675cafd42c2b2cf9edbce9c949fbfc3f175dcb738671509ae2ea66fb85e552394d479afa7fa3affe8791744796b94176',
  '13b58d6d69780089293862cd59a1a8a4ef79bb850e3f3ba41fb22446a7dd1dc4da4667d37b33bf1225dcf8173c4c349a5d911c5bd2db9c5905ed70c11e809e3b',
  '15d44b4b44ffa006eeceeb508c98a970aaa573d65905687b9e15854dec6d49c612757e149f78268f727660dedf9abce22a9691feb20a01b0525f4b47a3cf19db',
  '9aebba11c5428ae8225716369e30a48943be39159a899f804e9963ef78822e186c21fe95bb0b85e60ef03a6f58d0b9d06e91f79d0ab998450b8810c73ca935b4',
  '70f9b83e463fb441e7a4c43275125cd5b19d8e2e4a5d179a39f5db10bbce745a199104563d308cf8d4c6b27bbb759ded232f5bdb7c367dd632a9677320dfe416',
] as const;

/**
 * libsodium test/default/generichash.exp, the lines our lengths allow: line n (from 0) has n + 1 bytes,
 * crypto_generichash(n + 1, 00 01 … n - 1, key 00 01 … n).
 */
export const generichash = [
  '8508c01d19709bdd881866aa1f8c63ca06',
  'f6b2dddfbece6d7d52e114c7e5a97772e18d',
  'd36b5af9591d0cd3747254e26bc6e1de5b6081',
  'f7f7ce69149418d7ec33327bd86e14bcca4b8ed7',
  '2c9aba9a56de21165753c4f3cee9310a9c8fe546b9',
  'ee5e08cee5fbbcb51900341bb30db6695920faecda6a',
  'fe9ffb56dc5716b91bc7d77ce7b05e7cc39c31683bec91',
  'c500ae0f5bff0f1106ce104ae9c291add7207e0d8ebcb1ed',
  '68e23d12000b387158afd6458d3bcef9c26936ca68b5c0f3d6',
  '220efa2c09f67dbb02aa623bbc0cb92107a30f53b633e78d4b44',
  'a9f51bb7f6a3e9cdb96ce652c07d177962a348a9cced1b92f948187e59b44463',
  'd487ad2143024ee8c645a066c035b74abe3a11f1c9fcd738b154b8ca37134d74fb78c40d1a2274cf',
  'bd965bf31e87d70327536f2a341cebc4768eca275fa05ef98f7f1b71a0351298de006fba73fe6733ed01d75801b4a928e54231b38e38c562b2e33ea1284992fa',
] as const;

/** Chunks that libsodium sealed one after the other for the tests of orion (orion-rs/orion, xchacha20poly1305_stream.rs): tag MESSAGE, no associated data. */
export const secretstream = {
  key: '3132333435363738396162636465666768696a6b6c6d6f6e7071727374757600',
  header: '616261626162616261626162616261626162616162616200',
  chunks: [
    { text: 'test1\0', ciphertext: 'fca400c41bc60839d87686689c2d47a1c71c4f9113ef04' },
    { text: 'this is longer text\0', ciphertext: 'f3347cad852c63f4fa59658e3b31dd34b0d60df756117de878df30867408cfb4f14c1a21cf' },
    { text: '1\0', ciphertext: 'edc6f0ac412710a0e611bd365dadf367b935db' },
  ],
} as const;

/** RFC 5869 appendix A.1 to A.3: HKDF with SHA-256. */
export const hkdf = [
  {
    ikm: '0b'.repeat(22),
    salt: '000102030405060708090a0b0c',
    info: 'f0f1f2f3f4f5f6f7f8f9',
    okm: '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  },
  {
    ikm: Array.from({ length: 80 }, (_, index) => index.toString(16).padStart(2, '0')).join(''),
    salt: Array.from({ length: 80 }, (_, index) => (index + 0x60).toString(16)).join(''),
    info: Array.from({ length: 80 }, (_, index) => (index + 0xb0).toString(16)).join(''),
    okm:
      'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c' +
      '59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71' +
      'cc30c58179ec3e87c14c01d5c1f3434f1d87',
  },
  {
    ikm: '0b'.repeat(22),
    salt: '',
    info: '',
    okm: '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  },
] as const;
