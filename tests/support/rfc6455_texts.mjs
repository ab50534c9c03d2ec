// Cases of RFC 6455, section 5.6, 7 and 8.1: kinds of data, UTF-8, closing.
import { closePayload, opcode } from './raw_socket.mjs';
import { broken, hex, pingText, sound, split } from './rfc6455_parts.mjs';

const { continuation, binary, close, ping } = opcode;

// --- 5.6: kinds of data ---
function* kinds() {
  for (const size of [0, 1, 125, 126, 1000])
    yield broken(`binary of ${size} bytes`, [{ op: binary, payload: 'x'.repeat(size) }], [1003]);
  yield broken('fragmented binary', split('x'.repeat(100), 3, binary), [1003]);
  yield broken('binary after a text', [{ payload: pingText('a') }, { op: binary, payload: 'x' }], [1003]);
  yield sound('text that is not JSON', [{ payload: 'hello' }], { errors: 1 });
}

// --- 8.1: UTF-8 ---
const validTexts = {
  Greek: 'κόσμε',
  Cyrillic: 'привет',
  Chinese: '你好',
  Hebrew: 'שלום',
  'an emoji': '🦊',
  'a family': '👨‍👩‍👧',
  'U+007F': '\u007f',
  'U+0080': '\u0080',
  'U+07FF': '\u07ff',
  'U+0800': '\u0800',
  'U+D7FF': '\ud7ff',
  'U+E000': '\ue000',
  'U+FFFD': '\ufffd',
  'U+FFFE': '\ufffe',
  'U+FFFF': '\uffff',
  'U+FEFF': '\ufeff',
  'U+2028': '\u2028',
  'U+10000': '\u{10000}',
  'U+1FFFF': '\u{1ffff}',
  'U+2FFFE': '\u{2fffe}',
  'U+FFFFF': '\u{fffff}',
  'U+10FFFE': '\u{10fffe}',
  'U+10FFFF': '\u{10ffff}',
  'a combining sequence': 'e\u0301',
  'all lengths': 'aé€🦊',
};
const invalidTexts = {
  'a lone continuation byte 80': '80',
  'a lone continuation byte BF': 'bf',
  'two continuation bytes': '80 bf',
  'six continuation bytes': '80 bf 80 bf 80 bf',
  'a start of two alone': 'c3',
  'a start of two before a letter': 'c3 28',
  'a start of three alone': 'e2',
  'two of three': 'e2 82',
  'two of three before a letter': 'e2 82 41',
  'a start of four alone': 'f0',
  'two of four': 'f0 9f',
  'three of four': 'f0 9f a6',
  'three of four before a letter': 'f0 9f a6 41',
  'a byte FE': 'fe',
  'a byte FF': 'ff',
  'FE FE FF FF': 'fe fe ff ff',
  'an overlong / in two': 'c0 af',
  'an overlong / in three': 'e0 80 af',
  'an overlong / in four': 'f0 80 80 af',
  'an overlong U+007F': 'c1 bf',
  'an overlong U+07FF': 'e0 9f bf',
  'an overlong U+FFFF': 'f0 8f bf bf',
  'an overlong NUL in two': 'c0 80',
  'an overlong NUL in three': 'e0 80 80',
  'an overlong NUL in four': 'f0 80 80 80',
  'five bytes': 'f8 88 80 80 80',
  'six bytes': 'fc 84 80 80 80 80',
  'the surrogate D800': 'ed a0 80',
  'the surrogate DB7F': 'ed ad bf',
  'the surrogate DB80': 'ed ae 80',
  'the surrogate DBFF': 'ed af bf',
  'the surrogate DC00': 'ed b0 80',
  'the surrogate DF80': 'ed be 80',
  'the surrogate DFFF': 'ed bf bf',
  'a pair of surrogates': 'ed a0 80 ed b0 80',
  'U+110000': 'f4 90 80 80',
  'U+1FFFFF': 'f7 bf bf bf',
  'Latin-1': 'e4 f6 fc',
  'a start byte F5': 'f5 80 80 80',
  'text after which comes a half': 'ce ba e1 bd b9 cf 83 ce bc ce b5 ed a0 80 65 64 69 74 65 64',
};
function* utf8() {
  for (const [what, value] of Object.entries(validTexts)) {
    yield sound(`valid UTF-8: ${what}`, [{ payload: pingText(value) }], { ids: [value] });
  }
  for (const what of ['Greek', 'an emoji', 'a family', 'U+10FFFF', 'all lengths']) {
    const value = validTexts[what];
    const data = Buffer.from(pingText(value));
    yield sound(`valid UTF-8 cut into fragments of one byte: ${what}`, split(data, data.length), {
      ids: [value],
    });
    yield sound(`valid UTF-8 byte by byte: ${what}`, [{ payload: data }], { ids: [value], chop: 1 });
    yield sound(
      `valid UTF-8 with pings between the bytes: ${what}`,
      split(data, data.length).flatMap((f, i) => (i % 8 === 5 ? [{ op: ping, payload: `${i}` }, f] : [f])),
      {
        ids: [value],
        pongs: Array.from({ length: data.length }, (_, i) => i)
          .filter((i) => i % 8 === 5)
          .map(String),
      },
    );
  }
  for (const [what, digits] of Object.entries(invalidTexts)) {
    yield broken(
      `invalid UTF-8: ${what}`,
      [{ payload: Buffer.concat([Buffer.from('{"type":"'), hex(digits), Buffer.from('"}')]) }],
      [1007],
    );
  }
  for (const what of [
    'an overlong / in two',
    'the surrogate D800',
    'U+110000',
    'three of four',
    'a byte FF',
  ]) {
    const data = Buffer.concat([Buffer.from('{"'), hex(invalidTexts[what])]);
    yield broken(`invalid UTF-8 at the very end: ${what}`, [{ payload: data }], [1007]);
    yield broken(`invalid UTF-8 in fragments of one byte: ${what}`, split(data, data.length), [1007]);
    yield broken(`invalid UTF-8 byte by byte: ${what}`, [{ payload: data }], [1007], { chop: 1 });
  }
  yield broken(
    'a character whose second half is in a new message',
    [{ payload: hex('ce') }, { payload: hex('ba') }],
    [1007],
  );
  yield broken(
    'a character that a fragmented text leaves half',
    [
      { payload: hex('f0 9f'), fin: false },
      { op: continuation, payload: hex('a6') },
    ],
    [1007],
  );
}

// --- 5.5.1 and 7: closing ---
function* closing() {
  yield broken('an empty close is answered', [{ op: close }], [null, 1000, 1005]);
  for (const code of [
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999,
  ]) {
    yield broken(`close ${code} is answered with it`, [{ op: close, payload: closePayload(code) }], [code]);
  }
  for (const reason of ['bye', 'r'.repeat(123), 'ç’est tout 🦊']) {
    yield broken(
      `a close with a reason of ${Buffer.byteLength(reason)} bytes is answered`,
      [{ op: close, payload: closePayload(1000, reason) }],
      [1000],
    );
  }
  for (const code of [0, 1, 500, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65280, 65535]) {
    yield broken(`close ${code} is no code that may be sent`, [{ op: close, payload: closePayload(code) }]);
  }
  yield broken('a close of one byte', [{ op: close, payload: 'x' }]);
  yield broken(
    'a close whose reason is not UTF-8',
    [{ op: close, payload: closePayload(1000, hex('ce ba e1 bd b9 ed a0 80')) }],
    [1002, 1007],
  );
  yield broken(
    'a close whose reason ends in a half character',
    [{ op: close, payload: closePayload(1000, hex('f0 9f')) }],
    [1002, 1007],
  );
  yield broken('a close byte by byte', [{ op: close, payload: closePayload(1000, 'bye') }], [1000], {
    chop: 1,
  });
  yield broken(
    'two closes: the first is answered',
    [
      { op: close, payload: closePayload(1001) },
      { op: close, payload: closePayload(1000) },
    ],
    [1001],
  );
  yield broken(
    'a ping after a close is not answered',
    [
      { op: close, payload: closePayload(1000) },
      { op: ping, payload: 'late' },
    ],
    [1000],
    { pongs: [] },
  );
  yield broken(
    'a text after a close is not answered',
    [{ op: close, payload: closePayload(1000) }, { payload: pingText('late') }],
    [1000],
    { ids: [] },
  );
  yield broken(
    '256 KiB after a close are swallowed',
    [
      { op: close, payload: closePayload(1000) },
      ...Array.from({ length: 4 }, () => ({ payload: 'x'.repeat(65536) })),
    ],
    [1000],
  );
  yield broken(
    'a ping, then a close',
    [
      { op: ping, payload: 'p' },
      { op: close, payload: closePayload(1000) },
    ],
    [1000],
    { pongs: ['p'] },
  );
}

export const textGroups = [kinds, utf8, closing];
