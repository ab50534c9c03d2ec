// Cases of RFC 6455, section 5.2 to 5.5: lengths, masks, reserved bits, fragments, control frames.
import { closePayload, opcode } from './raw_socket.mjs';
import { broken, hex, pingText, sound, split } from './rfc6455_parts.mjs';

const { continuation, text, binary, close, ping, pong } = opcode;
const bytes = (...list) => Buffer.from(list);

// --- 5.2: lengths, in every form and piece ---
function* framing() {
  for (const size of [
    48, 64, 100, 124, 125, 126, 127, 128, 129, 255, 256, 257, 1023, 1024, 4096, 32767, 32768, 65534, 65535,
    65536,
  ]) {
    yield sound(`text of ${size} bytes`, [{ payload: pingText('a', size) }], { ids: ['a'] });
  }
  for (const size of [64, 125, 126, 200]) {
    for (const chop of [1, 2, 3])
      yield sound(`text of ${size} bytes in pieces of ${chop}`, [{ payload: pingText('a', size) }], {
        ids: ['a'],
        chop,
      });
  }
  for (const [size, chop] of [
    [65536, 997],
    [65536, 16384],
    [32768, 61],
  ]) {
    yield sound(`text of ${size} bytes in pieces of ${chop}`, [{ payload: pingText('a', size) }], {
      ids: ['a'],
      chop,
    });
  }
  yield sound(
    'many texts in one segment',
    Array.from({ length: 20 }, (_, i) => ({ payload: pingText(`m${i}`) })),
    { ids: Array.from({ length: 20 }, (_, i) => `m${i}`) },
  );
  yield sound(
    'many texts byte by byte',
    Array.from({ length: 5 }, (_, i) => ({ payload: pingText(`m${i}`) })),
    { ids: ['m0', 'm1', 'm2', 'm3', 'm4'], chop: 1 },
  );
  yield sound('an empty text', [{ payload: '' }], { errors: 1 });
  for (const [size, form] of [
    [48, 16],
    [125, 16],
    [48, 64],
    [125, 64],
    [126, 64],
    [4096, 64],
    [65535, 64],
  ]) {
    yield broken(`a length of ${size} in ${form} bits, which is not the shortest form`, [
      { payload: pingText('a', size), form },
    ]);
  }
  yield broken('an empty ping with a length of 16 bits', [{ op: ping, form: 16 }]);
  for (const size of [65537, 65538, 70000, 131072])
    yield broken(`text of ${size} bytes, over the limit`, [{ payload: pingText('a', size) }], [1009]);
  for (const declared of [65537n, 2n ** 24n, 2n ** 31n, 2n ** 32n, 2n ** 48n, 2n ** 63n - 1n]) {
    yield broken(`a declared length of ${declared}`, [{ declared, form: 64 }], [1009]);
  }
  for (const declared of [2n ** 63n, 2n ** 63n + 1n, 2n ** 64n - 1n])
    yield broken(`a declared length of ${declared}, the top bit set`, [{ declared, form: 64 }], [1002, 1009]);
  yield broken(
    'fragments that are over the limit together',
    [
      { payload: 'x'.repeat(40_000), fin: false },
      { payload: 'x'.repeat(40_000), op: continuation },
    ],
    [1009],
  );
  yield broken(
    'endless fragments',
    Array.from({ length: 80 }, (_, i) => ({
      payload: 'x'.repeat(1000),
      fin: false,
      op: i ? continuation : text,
    })),
    [1009],
  );
}

// --- 5.3: masks ---
function* masking() {
  for (const mask of [
    '00000000',
    'ffffffff',
    '00000001',
    '80000000',
    '0000ff00',
    '7b7b7b7b',
    '22747970',
    'deadbeef',
  ]) {
    yield sound(`mask ${mask}`, [{ payload: pingText('masked'), mask: hex(mask) }], { ids: ['masked'] });
  }
  yield sound(
    'another mask for each fragment',
    [
      { payload: '{"type":"pi', fin: false, mask: hex('01020304') },
      { payload: 'ng","id":', op: continuation, fin: false, mask: hex('00000000') },
      { payload: '"m"}', op: continuation, mask: hex('a5a5a5a5') },
    ],
    { ids: ['m'] },
  );
  for (const [name, op] of Object.entries(opcode)) {
    if (op !== continuation)
      yield broken(`unmasked ${name}`, [
        { op, payload: op === close ? closePayload(1000) : '{}', mask: null },
      ]);
  }
  yield broken('an unmasked continuation', [
    { payload: '{"type":', fin: false },
    { op: continuation, payload: '"ping"}', mask: null },
  ]);
  yield broken('an unmasked empty text', [{ mask: null }]);
  yield broken('an unmasked text after a masked one', [
    { payload: pingText('a') },
    { payload: pingText('b'), mask: null },
  ]);
}

// --- 5.2: RSV bits without an extension, reserved opcodes ---
function* reserved() {
  for (let rsv = 1; rsv <= 7; rsv += 1) {
    for (const [name, op] of [
      ['text', text],
      ['ping', ping],
      ['pong', pong],
      ['close', close],
      ['binary', binary],
    ]) {
      yield broken(`RSV ${rsv} on ${name}`, [{ op, rsv, payload: op === text ? pingText('a') : '' }]);
    }
    yield broken(`RSV ${rsv} on a continuation`, [
      { payload: '{"type":', fin: false },
      { op: continuation, rsv, payload: '"ping"}' },
    ]);
  }
  yield broken('RSV 4 in pieces', [{ rsv: 4, payload: pingText('a') }], [1002], { chop: 1 });
  for (const op of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    yield broken(`opcode ${op}, empty`, [{ op }]);
    yield broken(`opcode ${op} with a payload`, [{ op, payload: 'reserved' }]);
  }
  for (const op of [3, 7, 11, 15]) {
    yield broken(`opcode ${op} between fragments`, [
      { payload: '{"type":', fin: false },
      { op, payload: 'x' },
      { op: continuation, payload: '"ping"}' },
    ]);
  }
}

// --- 5.4: fragmentation ---
function* fragmentation() {
  for (const pieces of [2, 3, 5, 10, 25]) {
    yield sound(`text in ${pieces} fragments`, split(pingText('f'), pieces), { ids: ['f'] });
    yield sound(`text in ${pieces} fragments, byte by byte`, split(pingText('f'), pieces), {
      ids: ['f'],
      chop: 1,
    });
  }
  yield sound('text of 64 KiB in 64 fragments', split(pingText('f', 65536), 64), { ids: ['f'] });
  const [head, ...rest] = split(pingText('f'), 3);
  const empty = { op: continuation, fin: false };
  yield sound('an empty first fragment', [{ fin: false }, { ...head, op: continuation }, ...rest], {
    ids: ['f'],
  });
  yield sound('empty fragments between', [head, empty, empty, ...rest], { ids: ['f'] });
  yield sound('an empty last fragment', [head, rest[0], { ...rest[1], fin: false }, { op: continuation }], {
    ids: ['f'],
  });
  yield sound('nothing but empty fragments', [{ fin: false }, empty, { op: continuation }], { errors: 1 });
  yield sound(
    'two fragmented texts, one after the other',
    [...split(pingText('f'), 3), ...split(pingText('g'), 4)],
    { ids: ['f', 'g'] },
  );
  yield sound('a ping between fragments', [head, { op: ping, payload: 'between' }, ...rest], {
    ids: ['f'],
    pongs: ['between'],
  });
  yield sound(
    'a ping between all fragments',
    [head, { op: ping, payload: '1' }, rest[0], { op: ping, payload: '2' }, rest[1]],
    { ids: ['f'], pongs: ['1', '2'] },
  );
  yield sound(
    'pings between fragments, byte by byte',
    [head, { op: ping, payload: '1' }, rest[0], { op: ping, payload: '2' }, rest[1]],
    { ids: ['f'], pongs: ['1', '2'], chop: 1 },
  );
  yield sound('a pong between fragments', [head, { op: pong, payload: 'unasked' }, ...rest], { ids: ['f'] });
  yield broken(
    'a close between fragments',
    [head, { op: close, payload: closePayload(1000) }, ...rest],
    [1000],
  );
  yield broken('a continuation of nothing', [{ op: continuation, payload: pingText('a') }]);
  yield broken('an unfinished continuation of nothing', [{ op: continuation, payload: 'x', fin: false }]);
  yield broken('an empty continuation of nothing', [{ op: continuation }]);
  yield broken(
    'a continuation of nothing, byte by byte',
    [{ op: continuation, payload: pingText('a') }],
    [1002],
    { chop: 1 },
  );
  yield broken('a continuation after a finished text', [
    { payload: pingText('a') },
    { op: continuation, payload: 'x' },
  ]);
  yield broken('a continuation after a finished fragmented text', [
    ...split(pingText('f'), 2),
    { op: continuation, payload: 'x' },
  ]);
  yield broken('a continuation after a ping', [{ op: ping }, { op: continuation, payload: 'x' }]);
  yield broken('a new text within a fragmented one', [head, { payload: pingText('b') }]);
  yield broken('a new fragmented text within one', [head, { ...head }, ...rest]);
  yield broken('a binary frame within a fragmented text', [head, { op: binary, payload: 'x' }]);
  yield broken('a new text after all but the last fragment', [head, rest[0], { payload: pingText('b') }]);
}

// --- 5.5: control frames ---
function* control() {
  for (const size of [0, 1, 8, 64, 124, 125])
    yield sound(`a ping of ${size} bytes`, [{ op: ping, payload: 'p'.repeat(size) }], {
      pongs: ['p'.repeat(size)],
    });
  yield sound('a ping of bytes that are no text', [{ op: ping, payload: bytes(0, 0xff, 0xfe, 0xfd, 0x80) }], {
    pongs: [bytes(0, 0xff, 0xfe, 0xfd, 0x80)],
  });
  yield sound('a ping byte by byte', [{ op: ping, payload: 'p'.repeat(125) }], {
    pongs: ['p'.repeat(125)],
    chop: 1,
  });
  yield sound(
    'ten pings, answered in order',
    Array.from({ length: 10 }, (_, i) => ({ op: ping, payload: `p${i}` })),
    { pongs: Array.from({ length: 10 }, (_, i) => `p${i}`) },
  );
  yield sound(
    'ten pings byte by byte',
    Array.from({ length: 10 }, (_, i) => ({ op: ping, payload: `p${i}` })),
    { pongs: Array.from({ length: 10 }, (_, i) => `p${i}`), chop: 1 },
  );
  yield sound(
    'texts and pings by turns',
    [
      { payload: pingText('a') },
      { op: ping, payload: '1' },
      { payload: pingText('b') },
      { op: ping, payload: '2' },
    ],
    { ids: ['a', 'b'], pongs: ['1', '2'] },
  );
  yield sound('a pong that nobody asked for', [{ op: pong, payload: 'unasked' }]);
  yield sound('an empty pong', [{ op: pong }]);
  yield sound('a pong of 125 bytes', [{ op: pong, payload: 'p'.repeat(125) }]);
  yield sound('pongs, then a ping', [{ op: pong, payload: 'a' }, { op: pong }, { op: ping, payload: 'c' }], {
    pongs: ['c'],
  });
  for (const [name, op] of [
    ['ping', ping],
    ['pong', pong],
    ['close', close],
  ]) {
    const payload = (size) =>
      op === close
        ? Buffer.concat([closePayload(1000), Buffer.alloc(size - 2, 'r')])
        : Buffer.alloc(size, 'p');
    for (const size of [126, 127, 1000, 65535])
      yield broken(`a ${name} of ${size} bytes`, [{ op, payload: payload(size) }]);
    yield broken(`a ${name} of 126 bytes, byte by byte`, [{ op, payload: payload(126) }], [1002], {
      chop: 1,
    });
    yield broken(`a fragmented ${name}`, [{ op, payload: payload(2), fin: false }, { op: continuation }]);
    yield broken(`an unfinished ${name} between fragments`, [
      { payload: '{"type":', fin: false },
      { op, payload: payload(2), fin: false },
    ]);
  }
}

export const frameGroups = [framing, masking, reserved, fragmentation, control];
