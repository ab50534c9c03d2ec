// Who may see a file: the uploader, the members of rooms that have it, everybody its owner's picture; nobody else, by no
// address, in no message.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answerOf, call, newAccount, newStaff } from '../support/client.mjs';
import {
  bytesOf,
  expectBytes,
  expectHidden,
  fetchFile,
  places,
  sign,
  slowDownload,
  someBytes,
  someText,
  startWithFiles,
  stopWithFiles,
  upload,
} from '../support/files.mjs';
import { until } from '../support/parleyd.mjs';

let node, ada, bob, cleo, admin;
const unlimited = { 'limits.send_rate_per_second': 0, 'limits.changes_per_second': 0 };
before(async () => {
  node = await startWithFiles(places[0], unlimited);
  [ada, bob, cleo] = await Promise.all(['ada', 'bob', 'cleo'].map((name) => newAccount(node, name)));
  admin = await newStaff(node, 'admin');
});
after(() => stopWithFiles(node));

const nobodyKnows = '01939b6e-0000-7000-8000-000000000000';
const postFile = (who, room, url, more = {}) => who.post(room, undefined, { file_url: url, ...more });
const erase = (who, message) => who.call('DELETE', `/messages/${message}`);
const suspend = (who, flagDelete = 'not_active') =>
  admin.call('PATCH', `/admin/users/${who.id}`, { body: { flagDelete } });
const setPicture = (who, url, expect = 200) => who.call('PATCH', '/me', { body: { img_url: url }, expect });

/** A room of ada's and these others, with a file of hers in it. */
async function sentFile(...others) {
  const room = await ada.group('pictures', others);
  const bytes = someText();
  const { file_url: url } = await upload(ada, bytes);
  const { message_id: message } = await postFile(ada, room, url);
  return { room, url, bytes, message };
}

/** Of 32 MB, begun by token and by a signed address, what comes when `change` happens before more than a few are read. */
async function cutShort(change) {
  const size = 32 * 1024 * 1024;
  const large = await startWithFiles(places[0], { ...unlimited, 'limits.file_bytes': size });
  try {
    const [owner, reader, root] = [
      await newAccount(large, 'owner'),
      await newAccount(large, 'reader'),
      await newStaff(large, 'admin'),
    ];
    const room = await owner.group('large', [reader]);
    const { file_url: url } = await upload(owner, someBytes(size));
    const { message_id: message } = await postFile(owner, room, url);
    const { url: signed } = await sign(reader, url);
    const whole = await slowDownload(large, owner, url);
    const begun = [await slowDownload(large, reader, url), await slowDownload(large, null, signed)];
    await change({ owner, reader, root, room, message });
    const read = await Promise.all(begun.map((each) => each.rest(10)));
    for (const length of read) assert.ok(length < size, `${length} of ${size} bytes came all the same`);
    return { whole: (await whole.rest()) === size };
  } finally {
    await stopWithFiles(large);
  }
}

describe('a download under way is cut off', () => {
  test('when its reader is suspended, and no other is', async () => {
    const { whole } = await cutShort(({ root, reader }) =>
      root.call('PATCH', `/admin/users/${reader.id}`, { body: { flagDelete: 'not_active' } }),
    );
    assert.ok(whole);
  });

  test('when its reader is removed from the room', async () => {
    const { whole } = await cutShort(({ owner, room, reader }) => owner.remove(room, reader));
    assert.ok(whole);
  });
});

describe('a file is for', () => {
  test('its uploader alone until it is sent, then the members of the room, and nobody else', async () => {
    const room = await ada.group('pictures', [bob]);
    const bytes = someText();
    const { file_url: url } = await upload(ada, bytes);
    for (const who of [bob, cleo, admin]) await expectHidden(who, url);
    const eye = await bob.connect({ replay: 'none' });
    await postFile(ada, room, url);
    await eye.expectFrame('new_message', { file_url: url, content: null });
    await eye.close();
    for (const who of [ada, bob]) await expectBytes(who, url, bytes);
    for (const who of [cleo, admin]) await expectHidden(who, url);
    await bob.invite(room, cleo);
    await expectBytes(cleo, url, bytes);
  });

  test('members as they now are: who left or was removed is not one, who came back is', async () => {
    const { room, url, bytes } = await sentFile(bob, cleo);
    await bob.leave(room);
    await ada.remove(room, cleo);
    for (const who of [bob, cleo]) await expectHidden(who, url);
    await ada.invite(room, bob);
    await expectBytes(bob, url, bytes);
    await expectHidden(cleo, url);
    await ada.leave(room);
    await expectBytes(ada, url, bytes);
  });

  test('members while a message has it: not when the only one is deleted', async () => {
    const { room, url, bytes, message } = await sentFile(bob);
    const { message_id: again } = await postFile(ada, room, url);
    await erase(ada, message);
    await expectBytes(bob, url, bytes);
    await erase(ada, again);
    await expectHidden(bob, url);
    await expectBytes(ada, url, bytes);
  });

  test('members to send on, whatever becomes of the first message and of their being there', async () => {
    const { room, url, bytes, message } = await sentFile(bob);
    const second = await bob.group('on', [cleo]);
    await postFile(bob, second, url);
    await expectBytes(cleo, url, bytes);
    await erase(ada, message);
    await bob.leave(room);
    for (const who of [bob, cleo]) await expectBytes(who, url, bytes);
    const third = await cleo.group('further');
    await postFile(cleo, third, url);
    await bob.remove(second, cleo);
    await expectBytes(cleo, url, bytes);
  });

  test('the two of a private room', async () => {
    const room = await ada.privateRoom(bob);
    const { file_url: url } = await upload(bob);
    await postFile(bob, room, url);
    await bytesOf(ada, url);
    await expectHidden(cleo, url);
  });

  test('everybody who is logged in while it is the picture of its owner', async () => {
    const { file_url: url } = await upload(ada);
    await setPicture(ada, url);
    for (const who of [ada, bob, cleo]) await bytesOf(who, url);
    assert.equal((await answerOf(node, 'GET', url)).status, 401);
    const { file_url: next } = await upload(ada);
    await setPicture(ada, next);
    await expectHidden(bob, url);
    await bytesOf(bob, next);
    await setPicture(ada, null);
    await expectHidden(bob, next);
    await bytesOf(ada, next);
  });

  test('nobody by being set as the picture of somebody else', async () => {
    const { url } = await sentFile(bob);
    for (const who of [cleo, bob]) {
      const { status } = await who.answerOf('PATCH', '/me', { body: { img_url: url } });
      assert.ok([200, 400, 404].includes(status));
      await expectHidden(cleo, url);
    }
    await setPicture(bob, null);
    await setPicture(cleo, null);
  });

  test('nobody under another name or id, and what is hidden and what is not there are one', async () => {
    const { url } = await sentFile(bob);
    const [base, name] = [url.slice(0, url.lastIndexOf('/')), url.slice(url.lastIndexOf('/') + 1)];
    const unknown = `/api/v1/files/${nobodyKnows}/${name}`;
    for (const wrong of [`${base}/other`, `${base}/${name}x`, `${base}/${name.toUpperCase()}`, `${base}/..`, `${base}/%2e`, unknown])
      assert.ok([400, 404].includes((await fetchFile(bob, wrong)).status), wrong);
    assert.equal((await fetchFile(bob, `/api/v1/files/not-an-id/${name}`)).status, 404);
    const [hidden, none] = [await fetchFile(cleo, url), await fetchFile(cleo, unknown)];
    assert.deepEqual([hidden.status, hidden.body], [none.status, none.body]);
    const signing = async (address) => {
      const { status, body } = await cleo.answerOf('POST', '/files/sign', { body: { file_url: address } });
      return [status, body];
    };
    assert.deepEqual(await signing(url), await signing(unknown));
  });
});

describe('a message', () => {
  test('may not have a file that its sender may not see, by WebSocket or REST, nor does trying show it', async () => {
    const { url } = await sentFile(bob);
    const own = await cleo.group('own');
    const socket = await cleo.connect({ replay: 'none' });
    const unknown = url.replace(/files\/[^/]+/, `files/${nobodyKnows}`);
    for (const address of [url, unknown]) {
      const refused = await postFile(cleo, own, address, { expect: 404 });
      assert.match(refused.detail, /file/);
      await socket.refused('send_message', { room_id: own, file_url: address }, 'not_found');
      await socket.refused('send_message', { room_id: own, content: 'with words', file_url: address }, 'not_found');
    }
    await expectHidden(cleo, url);
    assert.equal((await cleo.room(own)).last_seq, 1);
    await socket.close();
  });

  test('may not have what was hidden from its sender meanwhile', async () => {
    const { room, url, message } = await sentFile(bob, cleo);
    const [his, hers] = [await bob.group('his'), await cleo.group('hers')];
    await bob.leave(room);
    await postFile(bob, his, url, { expect: 404 });
    await postFile(cleo, hers, url);
    await erase(ada, message);
    await postFile(cleo, hers, url);
    await postFile(bob, his, url, { expect: 404 });
  });

  test('has a file by exactly its address', async () => {
    const room = await ada.group('exact');
    const { file_url: url } = await upload(ada);
    const wrong = [`${url}x`, `${url}?a=b`, `${url}#a`, `${url}/`, url.replace('/files/', '/files//'), '/api/v1/files/', '/api/v1/files/../me', '/api/v1/me', url.slice(1), `${node.url}${url}`];
    wrong.push(url.replace(/[^/]+$/, '%2e%2e'), (await sign(ada, url)).url);
    for (const address of wrong) {
      const { status } = await ada.answerOf('POST', `/rooms/${room}/messages`, { body: { file_url: address } });
      assert.ok([400, 404].includes(status), `${address}: ${status}`);
    }
    assert.equal((await ada.room(room)).last_seq, 1);
    await postFile(ada, room, 'https://example.org/api/v1/files/x/y');
    await postFile(ada, room, url);
  });

  test('that was sent twice under one key stands once, though the file is hidden by then', async () => {
    const { room, url, message } = await sentFile(bob);
    const his = await bob.group('his');
    const first = await postFile(bob, his, url, { key: 'k1' });
    await erase(ada, message);
    await bob.leave(room);
    const second = await postFile(bob, his, url, { key: 'k1', expect: 200 });
    assert.deepEqual([second.message_id, second.duplicate], [first.message_id, true]);
  });

  test('has null in the place of its file once it is deleted, also for who catches up', async () => {
    const { room, url, message } = await sentFile(bob);
    assert.equal((await bob.history(room)).items[0].file_url, url);
    await erase(ada, message);
    assert.equal((await bob.history(room)).items[0].file_url, null);
    assert.ok(!JSON.stringify(await bob.allEvents(room)).includes(url));
  });
});

describe('a signed address', () => {
  const withoutToken = (target, options = {}) => answerOf(node, options.method ?? 'GET', target, options);
  const expectDead = async (target, why) => assert.equal((await withoutToken(target)).status, 404, why ?? target);

  test('shows the file to whoever has it, with ranges, until it expires', async () => {
    const bytes = someBytes(300_000, 12);
    const { file_url: url } = await upload(ada, bytes);
    const begun = Date.now();
    const signed = await sign(ada, url);
    const lasts = (Date.parse(signed.expires_at) - begun) / 1000;
    assert.ok(lasts >= 600 - 1 && lasts <= 1200 + 60, `${lasts} s`);
    assert.ok(signed.url.startsWith(`${url}?`));
    const whole = await withoutToken(signed.url);
    assert.equal(whole.status, 200);
    assert.ok(whole.bytes.equals(bytes));
    assert.match(whole.headers['cache-control'], /^private\b/);
    const part = await withoutToken(signed.url, { headers: { Range: 'bytes=262140-262150' } });
    assert.equal(part.status, 206);
    assert.ok(part.bytes.equals(bytes.subarray(262_140, 262_151)));
    assert.equal((await withoutToken(signed.url, { method: 'HEAD' })).status, 200);
    const query = signed.url.slice(signed.url.indexOf('signature='));
    assert.ok(!node.logs().includes(query), 'query strings reach no log');
  });

  test('is dead when anything in it is changed', async () => {
    const { url, bytes } = await sentFile(bob);
    const { file_url: other } = await upload(ada);
    const { url: signed } = await sign(bob, url);
    const { url: ofAda } = await sign(ada, url);
    assert.ok((await withoutToken(signed)).bytes.equals(bytes));
    const [path, query] = signed.split('?');
    const fields = new URLSearchParams(query);
    const changed = (change) => {
      const copy = new URLSearchParams(fields);
      change(copy);
      return `${path}?${copy}`;
    };
    await expectDead(`${other}?${query}`, 'of another file');
    await expectDead(`${path}x?${query}`, 'under another name');
    const foreign = new URLSearchParams(ofAda.split('?')[1]);
    for (const name of fields.keys()) {
      const value = fields.get(name);
      const last = value.at(-1) === '0' ? '1' : '0';
      await expectDead(changed((f) => f.set(name, value.slice(0, -1) + last)), `${name} changed at its end`);
      await expectDead(changed((f) => f.set(name, (value[0] === '1' ? '2' : '1') + value.slice(1))), `${name} changed`);
      await expectDead(changed((f) => f.set(name, '')), `${name} emptied`);
      if (foreign.get(name) !== value) await expectDead(changed((f) => f.set(name, foreign.get(name))), `${name} of another`);
      const { status } = await withoutToken(changed((f) => f.delete(name)));
      assert.ok([401, 404].includes(status), `without ${name}: ${status}`);
    }
    await expectDead(changed((f) => f.set('expires', String(Number(fields.get('expires')) + 1000))), 'a longer life');
    await expectDead(changed((f) => f.set('user', ada.id)), 'another user');
    assert.ok((await withoutToken(signed)).bytes.equals(bytes), 'and is good as it was');
  });

  test('lives as long as the one who asked for it may see the file', async () => {
    const dora = await newAccount(node, 'dora');
    const first = await sentFile(bob, cleo, dora);
    const of = async (who) => (await sign(who, first.url)).url;
    const [bobs, cleos, doras, adas] = [await of(bob), await of(cleo), await of(dora), await of(ada)];
    for (const url of [bobs, cleos, doras, adas]) assert.equal((await withoutToken(url)).status, 200);
    await bob.leave(first.room);
    await expectDead(bobs, 'after leaving');
    await ada.remove(first.room, cleo);
    await expectDead(cleos, 'after a removal');
    await suspend(dora);
    await expectDead(doras, 'of a suspended user');
    await suspend(dora, 'active');
    assert.equal((await withoutToken(adas)).status, 200);

    const second = await sentFile(bob);
    const { url: his } = await sign(bob, second.url);
    assert.equal((await withoutToken(his)).status, 200);
    await erase(ada, second.message);
    await expectDead(his, 'of a deleted message');
  });

  test('stops at its end', async () => {
    const short = await startWithFiles(places[0], { 'files.sign_seconds': 3 });
    const eve = await newAccount(short, 'eve');
    const { file_url: url } = await upload(eve);
    const signed = await sign(eve, url);
    assert.ok(Date.parse(signed.expires_at) - Date.now() <= 6_000);
    assert.equal((await answerOf(short, 'GET', signed.url)).status, 200);
    await until(async () => (await answerOf(short, 'GET', signed.url)).status === 404, 'the end of the address');
    assert.ok(Date.now() >= Date.parse(signed.expires_at) - 1, 'not before the time that was told');
    await stopWithFiles(short);
  });

  test('is given to nobody who may not see the file, and for nothing but a file', async () => {
    const { url } = await sentFile(bob);
    await sign(cleo, url, 404);
    await sign(bob, `${url}x`, 404);
    for (const body of [{}, { file_url: null }, { file_url: 7 }, 'no json'])
      await bob.call('POST', '/files/sign', { body, expect: 400 });
    for (const address of ['', '/api/v1/me', 'https://example.org/a.png', '/api/v1/files/x/y', `${url}?a=b`]) {
      const { status } = await bob.answerOf('POST', '/files/sign', { body: { file_url: address } });
      assert.ok([400, 404].includes(status), address);
    }
    await call(node, 'POST', '/api/v1/files/sign', { body: { file_url: url }, expect: 401 });
  });
});
