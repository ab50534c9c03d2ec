// What bounds files: the quota, uploads and transfers at once, and the node's memory, whatever the size and whoever is slow.
import assert from 'node:assert/strict';
import http from 'node:http';
import { describe, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import {
  beginUpload,
  bytesOf,
  expectBytes,
  fetchFile,
  keptOf,
  peakMemory,
  places,
  slowDownload,
  someBytes,
  someText,
  startWithFiles,
  statusOf,
  stopWithFiles,
  tryUpload,
  untilIdle,
  untilKept,
  upload,
  uploadHead,
  waysToUpload,
} from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { RawSocket } from '../support/raw_socket.mjs';
import { until } from '../support/parleyd.mjs';

const MiB = 1 << 20;

async function withNode(place, set, body) {
  const node = await startWithFiles(place, set);
  try {
    await body(node, await newAccount(node, 'ada'));
  } finally {
    await stopWithFiles(node);
  }
}

/** Streams that many bytes as an upload; the answer's body. Nothing here holds them. */
function uploadStream(node, who, total, headers) {
  const chunk = someBytes(MiB);
  return new Promise((resolve, reject) => {
    const request = http.request(`${node.url}/api/v1/files?name=large.bin`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${who.token}`, ...headers },
    });
    request.on('error', reject);
    request.on('response', async (response) => {
      let text = '';
      for await (const part of response) text += part;
      if (response.statusCode !== 201) reject(new Error(`${response.statusCode} ${text}`));
      else resolve(JSON.parse(text));
    });
    let sent = 0;
    const more = () => {
      while (sent < total) {
        sent += chunk.length;
        if (!request.write(chunk)) return request.once('drain', more);
      }
      request.end();
    };
    more();
  });
}

for (const place of places) {
  describe(`kept ${place.name}`, () => {
    test('the quota is for all files of one user, and what is refused takes no part of it', () =>
      withNode(place, { 'limits.file_quota_bytes': 1_000_000 }, async (node, ada) => {
        const bob = await newAccount(node, 'bob');
        await upload(ada, someBytes(600_000));
        const kept = keptOf(node);
        for (const way of Object.keys(waysToUpload)) {
          const answer = await tryUpload(ada, someBytes(400_001), { way });
          assert.equal(answer.status, 413, `${way}: ${answer.text}`);
          assert.match(answer.body.detail, /1000000 bytes/);
        }
        await untilKept(node, kept);
        await upload(bob, someBytes(1_000_000));
        await upload(ada, someBytes(400_000));
        assert.equal((await tryUpload(ada, Buffer.from('x'))).status, 413, 'full to the last byte');
      }));

    test('one user has so many files, however small, until one is gone', () =>
      withNode(place, { 'limits.files_per_user': 2, 'files.unsent_hours': 0.0005, 'files.sweep_seconds': 1 }, async (node, ada) => {
        const [again, bob] = [await ada.again(), await newAccount(node, 'bob')];
        const room = await ada.group('few');
        const messages = [];
        for (const who of [ada, again]) {
          messages.push(await who.post(room, undefined, { file_url: (await upload(who)).file_url }));
        }
        for (const way of Object.keys(waysToUpload)) {
          const { status, body } = await tryUpload(again, someText(), { way });
          assert.deepEqual([status, body.code], [409, 'conflict'], way);
          assert.match(body.detail, /at most 2 files/);
        }
        await upload(bob);
        await ada.call('DELETE', `/messages/${messages[0].message_id}`);
        await until(async () => (await tryUpload(ada, someText())).status === 201, 'room for a file');
      }));

    test('of two uploads at once that do not fit together, one is stored at most', () =>
      withNode(place, { 'limits.file_quota_bytes': 1_000_000 }, async (node, ada) => {
        const again = await ada.again();
        for (const way of ['as a body', 'as a body in chunks', 'as a form in chunks']) {
          const eve = await newAccount(node, 'eve');
          const phone = await eve.again();
          const answers = await Promise.all([eve, phone].map((who) => tryUpload(who, someBytes(600_000), { way })));
          const statuses = answers.map((a) => a.status).sort();
          assert.ok(['201,413', '413,413'].includes(String(statuses)), `${way}: ${statuses}`);
          await untilIdle(node);
          const left = statuses[0] === 201 ? 400_000 : 1_000_000;
          await until(async () => (await tryUpload(eve, someBytes(left))).status === 201, 'the rest of the quota is free');
        }
        const uploads = Array.from({ length: 4 }, (_, i) => tryUpload(i % 2 ? ada : again, someBytes(200_000)));
        assert.deepEqual((await Promise.all(uploads)).map((a) => a.status), [201, 201, 201, 201]);
      }));

    test('an upload that breaks off gives its part of the quota back', () =>
      withNode(place, { 'limits.file_quota_bytes': 1_000_000, 'files.sweep_seconds': 1 }, async (node, ada) => {
        const raw = await beginUpload(node, ada, { length: 900_000, first: someBytes(700_000) });
        raw.destroy();
        await untilIdle(node);
        await until(async () => (await tryUpload(ada, someBytes(1_000_000))).status === 201, 'the quota is free again');
      }));

    test('a file of 200 MB goes through the node in little memory, up and down, to a slow reader too', () =>
      withNode(place, { 'limits.file_bytes': 300 * MiB, 'store.cache_bytes': 2 * MiB }, async (node, ada) => {
        await bytesOf(ada, (await upload(ada, someBytes(8 * MiB))).file_url); // what any transfer takes
        const before = peakMemory(node);
        const grown = () => Math.round((peakMemory(node) - before) / MiB);
        const { file_url: url, size } = await uploadStream(node, ada, 200 * MiB, { 'Content-Length': 200 * MiB });
        assert.equal(size, 200 * MiB);
        assert.ok(grown() < 30, `${grown()} MiB more for a body`);
        await uploadStream(node, ada, 200 * MiB, { 'Transfer-Encoding': 'chunked' });
        assert.ok(grown() < 30, `${grown()} MiB more for chunks`);
        const slow = await slowDownload(node, ada, url);
        const length = await (await slowDownload(node, ada, url)).rest();
        assert.equal(length, 200 * MiB);
        await until(async () => (await metric(node, 'file_transfers')) === 1, 'the slow one alone');
        const end = await fetchFile(ada, url, { headers: { Range: `bytes=${200 * MiB - 1000}-` } });
        assert.ok(end.bytes.equals(someBytes(MiB).subarray(-1000)));
        assert.ok(grown() < 30, `${grown()} MiB more for downloads`);
        slow.goAway();
        await untilIdle(node);
      }));

    test('a reader who is slow gets it all, and one who goes away leaves nothing behind', () =>
      withNode(place, {}, async (node, ada) => {
        const { file_url: url } = await upload(ada, someBytes(16 * MiB));
        const readers = await Promise.all([1, 2, 3].map(() => slowDownload(node, ada, url)));
        assert.equal(await metric(node, 'file_transfers'), 3);
        readers[0].goAway();
        await until(async () => (await metric(node, 'file_transfers')) === 2, 'one transfer less');
        await upload(ada);
        assert.equal(await readers[1].rest(), 16 * MiB);
        readers[2].goAway();
        await untilIdle(node);
      }));
  });
}

describe('at once', () => {
  test('one user may have so many uploads under way, by whatever log-in; others are not held back', () =>
    withNode(places[0], {}, async (node, ada) => {
      const [again, bob] = [await ada.again(), await newAccount(node, 'bob')];
      const bytes = someBytes(1000);
      const begun = [];
      for (const who of [ada, again, ada, again]) {
        begun.push(await beginUpload(node, who, { length: 1000, first: bytes.subarray(0, 500) }));
      }
      assert.equal(await metric(node, 'uploads'), 4);
      for (const way of Object.keys(waysToUpload)) {
        const { status, body } = await tryUpload(again, someText(), { way });
        assert.deepEqual([status, body.code], [503, 'busy'], way);
      }
      await upload(bob);
      begun[0].write(bytes.subarray(500));
      const stored = await begun[0].readHttp();
      assert.equal(stored?.status, 201);
      await expectBytes(ada, JSON.parse(stored.body).file_url, bytes);
      await upload(ada);
      begun[1].destroy();
      await until(async () => (await metric(node, 'uploads')) === 2, 'one upload less');
      await upload(ada);
      for (const raw of begun) raw.destroy();
      await untilIdle(node);
      await upload(ada);
    }));

  test('the node has so many transfers, up and down; further ones are busy and come later', () =>
    withNode(places[0], { 'files.transfers': 2 }, async (node, ada) => {
      const bob = await newAccount(node, 'bob');
      const { file_url: large } = await upload(ada, someBytes(15 * MiB));
      const { file_url: small } = await upload(bob);
      const first = await beginUpload(node, ada, { length: 1000 - 1, first: 'x' });
      const slow = await slowDownload(node, ada, large);
      assert.equal(await metric(node, 'file_transfers'), 2);
      const busy = await fetchFile(bob, small);
      assert.deepEqual([busy.status, busy.body.code], [503, 'busy']);
      const refused = await tryUpload(bob, someText());
      assert.deepEqual([refused.status, refused.body.code], [503, 'busy']);
      const raw = await RawSocket.open(node);
      raw.write(uploadHead(bob, { 'Content-Length': 5, Expect: '100-continue' }));
      assert.equal((await raw.readHttp())?.status, 503, 'before it is sent');
      raw.destroy();
      await bob.call('GET', '/me');
      slow.goAway();
      await until(async () => (await statusOf(bob, small)) === 200, 'a place for a download');
      first.destroy();
      await untilIdle(node);
      await upload(bob);
    }));

  test('whoever has the answer to an upload finds its place free', () =>
    withNode(places[0], { 'files.transfers': 1, 'limits.uploads_per_user': 1 }, async (node, ada) => {
      for (let i = 0; i < 300; i += 1) await upload(ada, someBytes(1000, i + 1));
    }));

  test('one user has so many transfers, whoever is slow; others are not held back', () =>
    withNode(places[0], { 'limits.transfers_per_user': 2 }, async (node, ada) => {
      const [again, bob] = [await ada.again(), await newAccount(node, 'bob')];
      const { file_url: large } = await upload(ada, someBytes(15 * MiB));
      const { file_url: small } = await upload(ada);
      const slow = [await slowDownload(node, ada, large), await slowDownload(node, again, large)];
      for (const who of [ada, again]) {
        const busy = await fetchFile(who, small);
        assert.deepEqual([busy.status, busy.body.code], [503, 'busy']);
        const refused = await tryUpload(who, someText());
        assert.deepEqual([refused.status, refused.body.code], [503, 'busy']);
      }
      const { file_url: bobs } = await upload(bob);
      assert.equal(await statusOf(bob, bobs), 200);
      slow[0].goAway();
      await until(async () => (await statusOf(again, small)) === 200, 'a place for a download');
      slow[1].goAway();
      await untilIdle(node);
      await upload(ada);
    }));

  test('many files go up and down at once, none mixed with another', () =>
    withNode(places[0], { 'limits.uploads_per_user': 20 }, async (node, ada) => {
      const files = Array.from({ length: 20 }, (_, i) => someBytes(200_000 + 20_000 * i, i + 1));
      const ways = Object.keys(waysToUpload);
      const stored = await Promise.all(files.map((bytes, i) => upload(ada, bytes, { way: ways[i % ways.length] })));
      await Promise.all(stored.map(({ file_url: url }, i) => expectBytes(ada, url, files[i])));
      assert.equal(new Set(stored.map((s) => s.file_url)).size, files.length);
      await untilIdle(node);
    }));
});
