// https and wss, and a certificate that is renewed while the node runs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../support/certificate.mjs';
import { newAccount } from '../support/client.mjs';
import { pause, runParleyd, startParleyd, until } from '../support/parleyd.mjs';

let certificate, parley, ada, bob, roomId;
before(async () => {
  certificate = makeCertificate('first.example.org');
  parley = await startParleyd({
    tls: certificate,
    set: { 'limits.send_rate_per_second': 0, 'net.request_deadline_ms': 2_000 },
  });
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  roomId = await ada.group('secret', [bob]);
});
after(async () => {
  await parley?.stop();
  certificate?.remove();
});

async function handshake(options = {}) {
  const socket = tls.connect({ host: '127.0.0.1', port: parley.port, ca: parley.tls.ca, ...options });
  await once(socket, 'secureConnect');
  const seen = { name: socket.getPeerCertificate().subject.CN, protocol: socket.getProtocol() };
  socket.destroy();
  return seen;
}

test('REST and sockets work over TLS as without', async () => {
  const [mine, theirs] = [await ada.connect(), await bob.connect({ auth: 'query' })];
  for (const content of ['short', 'x'.repeat(8_192)]) {
    const ack = await mine.say(roomId, content);
    const { data } = await theirs.expectFrame('new_message', { message_id: ack.message_id });
    assert.equal(data.content, content);
  }
  await Promise.all([mine, theirs].map((s) => s.close()));
});

test('many messages at once come whole and in order over TLS', async () => {
  const [mine, theirs] = [await ada.connect({ replay: 'none' }), await bob.connect({ replay: 'none' })];
  const ids = Array.from({ length: 60 }, (_, i) =>
    mine.send('send_message', { room_id: roomId, content: `${i}`.repeat(1_000) }),
  );
  const acks = await Promise.all(ids.map((id) => mine.expectAck(id)));
  await theirs.expectFrame('new_message', { seq: Math.max(...acks.map((a) => a.seq)) });
  assert.equal(theirs.durable(roomId).length, 60);
  await Promise.all([mine, theirs].map((s) => s.close()));
});

test('TLS 1.2 and 1.3 are spoken, older ones are not', async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3']) {
    assert.equal((await handshake({ minVersion: version, maxVersion: version })).protocol, version);
  }
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  await assert.rejects(handshake(old));
});

test('who speaks plain HTTP to a TLS port gets no answer of HTTP, and the connection ends', async () => {
  const socket = net.connect(parley.port, '127.0.0.1');
  let received = '';
  let failure;
  socket.on('data', (data) => (received += data.toString('latin1'))).on('error', (error) => (failure = error));
  const closed = new Promise((resolve) => socket.on('close', () => resolve(true)));
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await until(() => Promise.race([closed, pause(50)]), 'the end of the connection');
  assert.doesNotMatch(received, /HTTP\//);
  assert.ok([undefined, 'ECONNRESET'].includes(failure?.code), failure?.code);
});

test('a handshake that never goes on ends when the deadline has passed', async () => {
  const socket = net.connect(parley.port, '127.0.0.1').on('error', () => {});
  socket.resume();
  socket.write(Buffer.from([0x16, 0x03, 0x01]));
  await once(socket, 'close');
});

test('on SIGHUP the certificate is read anew for new connections, and open ones go on', async () => {
  const socket = await ada.connect();
  assert.equal((await handshake()).name, 'first.example.org');
  const renewed = makeCertificate('second.example.org', certificate.directory);
  Object.assign(parley.tls, { ca: renewed.ca });
  parley.agent.options.ca = renewed.ca;
  parley.signal('SIGHUP');
  await until(
    async () => (await handshake({ rejectUnauthorized: false })).name === 'second.example.org',
    'the new certificate',
  );
  await socket.ping();
  const other = await bob.connect();
  await other.ping();
  await Promise.all([socket, other].map((s) => s.close()));
});

test('a broken certificate on SIGHUP leaves the old one in use', async () => {
  const { writeFileSync, readFileSync } = await import('node:fs');
  const good = readFileSync(certificate.certificate);
  writeFileSync(certificate.certificate, 'not a certificate');
  const before = parley.logs().length;
  parley.signal('SIGHUP');
  await until(() => /certificate/i.test(parley.logs().slice(before)), 'a word in the log');
  assert.equal((await handshake()).name, 'second.example.org');
  writeFileSync(certificate.certificate, good);
});

test('a node whose certificate is missing does not start and says which key is wrong', async () => {
  const { code, output } = await runParleyd({
    tls: { certificate: '/nonexistent.pem', key: certificate.key },
  });
  assert.ok(code > 0, String(code));
  assert.match(output, /tls_certificate|nonexistent/);
});
