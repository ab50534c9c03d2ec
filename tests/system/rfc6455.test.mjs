// The cases of RFC 6455 against the real parleyd, over plain sockets and over TLS.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { makeCertificate } from '../support/certificate.mjs';
import { newAccount } from '../support/client.mjs';
import { frame, closePayload, opcode, RawSocket } from '../support/raw_socket.mjs';
import { bytesOf, cases } from '../support/rfc6455_cases.mjs';
import { startParleyd } from '../support/parleyd.mjs';

/** Sorts what came: ids of acks, number of errors, payloads of pongs, the close code (undefined if none came). */
function sort(frames) {
  const seen = { ids: [], errors: 0, pongs: [], close: undefined, odd: [] };
  for (const f of frames) {
    if (f.masked || f.rsv !== 0 || !f.fin) seen.odd.push(f);
    if (seen.close !== undefined) seen.odd.push(f);
    if (f.op === opcode.pong) seen.pongs.push(f.payload);
    else if (f.op === opcode.close) seen.close = f.payload.length === 0 ? null : f.payload.readUInt16BE(0);
    else if (f.op === opcode.text) {
      const { type, id } = JSON.parse(f.payload.toString());
      if (type === 'ack') seen.ids.push(id);
      if (type === 'error') seen.errors += 1;
    } else seen.odd.push(f);
  }
  return seen;
}

/** Runs one case on a fresh connection. */
async function run(each, raw) {
  const expected = {
    ids: each.ids ?? [],
    errors: each.errors ?? 0,
    pongs: (each.pongs ?? []).map((p) => Buffer.from(p)),
  };
  const bytes = bytesOf(each);
  if (each.chop) await raw.writeChopped(bytes, each.chop);
  else raw.write(bytes);
  const frames = [];
  if (!each.close) {
    for (let count = expected.ids.length + expected.errors + expected.pongs.length; count > 0; count -= 1) {
      const next = await raw.readFrame();
      assert.notEqual(next, null, 'the connection ended before all answers were there');
      frames.push(next);
    }
    raw.write(frame({ op: opcode.close, payload: closePayload(1000) }));
  }
  frames.push(...(await raw.readToEnd()));
  const seen = sort(frames);
  assert.deepEqual(seen.odd, [], 'frames that a server may not send');
  const codes = each.close ?? [1000];
  assert.ok(codes.includes(seen.close), `closed with ${seen.close} instead of ${codes.join(' or ')}`);
  if (!each.close || each.ids) assert.deepEqual(seen.ids, expected.ids);
  if (!each.close || each.pongs) assert.deepEqual(seen.pongs, expected.pongs);
  if (!each.close) assert.equal(seen.errors, expected.errors);
}

/** Upgrades that must be refused, or accepted, by the headers alone. */
const handshakes = {
  'version 13 is accepted': [{}, [101]],
  'lists in Connection are accepted': [{ Connection: 'keep-alive, Upgrade' }, [101]],
  'capitals do not matter': [{ Upgrade: 'WebSocket', Connection: 'upgrade' }, [101]],
  'an unknown extension is accepted and not chosen': [
    { 'Sec-WebSocket-Extensions': 'x-unknown; a=b' },
    [101],
  ],
  'an unknown subprotocol is accepted and not chosen': [
    { 'Sec-WebSocket-Protocol': 'chat, superchat' },
    [101],
  ],
  'no key is refused': [{ 'Sec-WebSocket-Key': undefined }, [400, 426]],
  'a key of the wrong length is refused': [{ 'Sec-WebSocket-Key': 'c2hvcnQ=' }, [400]],
  'version 8 is refused': [{ 'Sec-WebSocket-Version': '8' }, [400, 426]],
  'version 0 is refused': [{ 'Sec-WebSocket-Version': '0' }, [400, 426]],
  'no version is refused': [{ 'Sec-WebSocket-Version': undefined }, [400, 426]],
  'no Upgrade is refused': [{ Upgrade: undefined }, [400, 426]],
  'another Upgrade is refused': [{ Upgrade: 'h2c' }, [400, 426]],
  'no Connection is refused': [{ Connection: undefined }, [400, 426]],
};

function suite(title, options) {
  describe(title, () => {
    let parley, token, remove;
    before(async () => {
      const certificate = options.tls ? makeCertificate() : null;
      remove = certificate?.remove;
      parley = await startParleyd({ tls: certificate });
      ({ token } = await newAccount(parley));
    });
    after(async () => {
      await parley?.stop();
      remove?.();
    });

    for (const [what, [headers, statuses]] of Object.entries(handshakes)) {
      test(`handshake: ${what}`, async () => {
        const raw = await RawSocket.open(parley);
        const answer = await raw.upgrade('/ws?replay=none', { Authorization: `Bearer ${token}`, ...headers });
        assert.ok(statuses.includes(answer?.status), `answered ${answer?.status}`);
        if (answer.status === 101) {
          assert.equal(answer.headers['sec-websocket-extensions'], undefined);
          assert.equal(answer.headers['sec-websocket-protocol'], undefined);
        }
        raw.destroy();
      });
    }

    test('handshake: the key is answered as in section 1.3 of the RFC', async () => {
      const raw = await RawSocket.open(parley);
      const headers = { Authorization: `Bearer ${token}`, 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' };
      const answer = await raw.upgrade('/ws', headers);
      assert.equal(answer.headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
      assert.match(answer.headers.upgrade, /^websocket$/i);
      raw.destroy();
    });

    test('handshake: frames that come in one segment with the request are not lost', async () => {
      const raw = await RawSocket.open(parley);
      const request = `GET /ws?replay=none HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nAuthorization: Bearer ${token}\r\n\r\n`;
      raw.write(request, frame({ payload: '{"type":"ping","id":"early"}' }));
      assert.equal((await raw.readHttp()).status, 101);
      const types = [await raw.readFrame(), await raw.readFrame()].map(
        (f) => JSON.parse(f.payload.toString()).type,
      );
      assert.deepEqual(types, ['ready', 'ack']);
      raw.destroy();
    });

    for (const each of cases) {
      test(each.name, async () => {
        const raw = await RawSocket.upgraded(parley, { token });
        try {
          await run(each, raw);
        } finally {
          raw.destroy();
        }
      });
    }

    test('after all that another connection is served', async () => {
      const raw = await RawSocket.upgraded(parley, { token });
      await run({ send: [{ payload: '{"type":"ping","id":"alive"}' }], ids: ['alive'] }, raw);
      raw.destroy();
    });
  });
}

suite('over plain sockets', {});
suite('over TLS', { tls: true });
