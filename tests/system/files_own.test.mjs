// One's own files: listed with what they take of the quota, and deleted by their owner, for everybody.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { answerOf, newAccount, newStaff } from '../support/client.mjs';
import {
  beginUpload,
  expectBytes,
  expectHidden,
  fetchFile,
  places,
  sign,
  someBytes,
  startWithFiles,
  stopWithFiles,
  tryUpload,
  untilIdle,
  upload,
} from '../support/files.mjs';
import { allOf, decide, report, unlimited } from '../support/moderation.mjs';
import { until } from '../support/parleyd.mjs';

const quota = 1_000_000;
const nobodyKnows = '01939b6e-0000-7000-8000-000000000000';

const filesOf = (who, query = '') => who.call('GET', `/files${query}`);
const usedBy = async (who) => (await filesOf(who, '?limit=1')).used_bytes;
const remove = (who, url, expect = 204) =>
  who.call('DELETE', url.replace('/api/v1', ''), { expect });

for (const place of places) {
  describe(`files ${place.name}`, () => {
    let node, ada, bob;
    before(async () => {
      node = await startWithFiles(place, { ...unlimited, 'limits.file_quota_bytes': quota, 'files.sweep_seconds': 1 });
    });
    after(() => stopWithFiles(node));
    // Each test has the whole of a quota.
    const people = async () => ([ada, bob] = [await newAccount(node, 'ada'), await newAccount(node, 'bob')]);

    test('are listed, the newest first, page by page, with what they take of the quota', async () => {
      await people();
      assert.deepEqual(await filesOf(ada), { items: [], next_cursor: null, used_bytes: 0, quota_bytes: quota });
      const stored = [];
      for (let i = 1; i <= 5; i += 1) stored.push(await upload(ada, someBytes(1000 * i, i), { name: `plan ${i}?.bin` }));
      await upload(bob, someBytes(77));
      const { items, ...sum } = await filesOf(ada);
      assert.deepEqual(sum, { next_cursor: null, used_bytes: 15_000, quota_bytes: quota });
      assert.deepEqual(
        items.map(({ created_at: at, ...file }) => file),
        stored.toReversed().map((file, i) => ({ ...file, name: `plan ${5 - i}?.bin` })),
      );
      for (const { created_at: at } of items) assert.ok(Math.abs(Date.now() - Date.parse(at)) < 60_000, at);
      const page = await filesOf(ada, '?limit=2');
      assert.deepEqual([page.items, page.used_bytes], [items.slice(0, 2), 15_000], 'the sum is of all pages');
      assert.ok(page.next_cursor);
      for (const limit of [1, 2, 4, 5, 200]) assert.deepEqual(await allOf(ada, '/files', limit), items, `by ${limit}`);
    });

    test('are listed to their owner alone, whoever may see them', async () => {
      await people();
      const room = await ada.group('shared', [bob]);
      const { file_url: url } = await upload(ada);
      await ada.post(room, undefined, { file_url: url });
      await expectBytes(bob, url, (await fetchFile(ada, url)).bytes);
      assert.deepEqual((await filesOf(bob)).items, []);
      assert.equal(await usedBy(bob), 0);
      assert.equal((await answerOf(node, 'GET', '/api/v1/files')).status, 401);
    });

    test('that are under way take their part of the quota, and stand in no list', async () => {
      await people();
      await upload(ada, someBytes(1000));
      const raw = await beginUpload(node, ada, { length: 400_000, first: someBytes(300_000) });
      await until(async () => (await usedBy(ada)) > 1000, 'what is under way counts');
      assert.equal((await filesOf(ada)).items.length, 1);
      raw.destroy();
      await untilIdle(node);
      await until(async () => (await usedBy(ada)) === 1000, 'what broke off counts no more');
    });

    test('go for everybody when their owner deletes them; messages stay', async () => {
      await people();
      const room = await ada.group('shared', [bob]);
      const stored = [];
      for (const size of [600_000, 300_000]) stored.push((await upload(ada, someBytes(size, size))).file_url);
      const [gone, kept] = stored;
      for (const url of stored) await ada.post(room, 'look', { file_url: url });
      await ada.call('PATCH', '/me', { body: { img_url: gone } });
      const signed = (await sign(bob, gone)).url;
      assert.equal((await tryUpload(ada, someBytes(200_000))).status, 413);

      await remove(ada, gone);
      for (const who of [ada, bob]) {
        await expectHidden(who, gone);
        await sign(who, gone, 404);
      }
      assert.equal((await answerOf(node, 'GET', signed)).status, 404);
      await ada.post(room, undefined, { file_url: gone, expect: 404 });
      const { items } = await bob.history(room);
      assert.deepEqual(items.flatMap((message) => message.file_url ?? []), [kept, gone], 'messages stay as they were');
      await expectBytes(bob, kept, someBytes(300_000, 300_000));

      const own = await filesOf(ada);
      assert.deepEqual([own.items.map((file) => file.file_url), own.used_bytes], [[kept], 300_000]);
      await upload(ada, someBytes(quota - 300_000));
      await remove(ada, gone, 404);
    });

    test('of others, and what is no file, cannot be deleted', async () => {
      await people();
      const room = await ada.group('shared', [bob]);
      const bytes = someBytes(1000);
      const { file_url: url } = await upload(ada, bytes);
      const refused = [await remove(bob, url, 404)];
      await ada.post(room, undefined, { file_url: url });
      refused.push(await remove(bob, url, 404));
      await remove(await newStaff(node, 'admin'), url, 404);
      refused.push(await remove(bob, url.replace(/files\/[^/]+/, `files/${nobodyKnows}`), 404));
      assert.deepEqual(refused[1], refused[2], 'it does not tell which files there are');
      assert.deepEqual(refused[0], refused[2]);
      await remove(ada, url.replace(/[^/]+$/, 'another.bin'), 404);
      await remove(ada, url.replace(/files\/[^/]+/, 'files/nonsense'), 404);
      const signed = (await sign(ada, url)).url;
      for (const address of [url, signed])
        assert.equal((await answerOf(node, 'DELETE', address)).status, 401, 'a signed address is for reading');
      for (const who of [ada, bob]) await expectBytes(who, url, bytes);
      assert.equal(await usedBy(ada), 1000);
    });

    test('that are reported can be deleted, and moderators see them until the report is decided', async () => {
      await people();
      const mo = await newStaff(node, 'moderator');
      const room = await ada.group('shared', [bob]);
      const bytes = someBytes(1000);
      const { file_url: url } = await upload(ada, bytes);
      const { message_id: message } = await ada.post(room, undefined, { file_url: url });
      const filed = await report(bob, message, { reason: 'illegal' });
      await remove(ada, url);
      for (const who of [ada, bob]) await expectHidden(who, url);
      assert.deepEqual(await filesOf(ada), { items: [], next_cursor: null, used_bytes: 0, quota_bytes: quota });
      await expectBytes(mo, url, bytes);
      await decide(mo, filed, { status: 'acted' });
      await expectHidden(mo, url);
    });

    test('a page that cannot be is refused', async () => {
      await people();
      for (const query of ['?cursor=nonsense', '?limit=0', '?limit=201', '?limit=two']) {
        const { status, body } = await ada.answerOf('GET', `/files${query}`);
        assert.deepEqual([status, body.code], [400, 'bad_request'], query);
      }
    });
  });
}

test('without a quota the list says so, and what is used all the same', async () => {
  const node = await startWithFiles(places[0], { 'limits.file_quota_bytes': 0 });
  try {
    const ada = await newAccount(node, 'ada');
    await upload(ada, someBytes(1234));
    const { used_bytes: used, quota_bytes: most } = await filesOf(ada);
    assert.deepEqual([used, most], [1234, 0]);
  } finally {
    await stopWithFiles(node);
  }
});

test('deletions are limited like other changes', async () => {
  const node = await startWithFiles(places[0], { 'limits.changes_per_second': 0.01, 'limits.changes_burst': 2 });
  try {
    const ada = await newAccount(node, 'ada');
    const stored = [];
    for (let i = 0; i < 3; i += 1) stored.push((await upload(ada)).file_url);
    await remove(ada, stored[0]);
    await remove(ada, stored[1]);
    const refused = await remove(ada, stored[2], 429);
    assert.equal(refused.code, 'rate_limited');
    assert.ok(refused.retry_after_ms > 0);
    assert.equal((await filesOf(ada)).items.length, 1, 'reading goes on');
  } finally {
    await stopWithFiles(node);
  }
});
