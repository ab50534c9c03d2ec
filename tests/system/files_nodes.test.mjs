// Files over the lives of nodes: restarts, kills in the middle, the sweep, and two nodes on one database.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Account, answerOf, newAccount } from '../support/client.mjs';
import {
  beginUpload,
  blockBytes,
  expectBytes,
  expectHidden,
  keptOf,
  places,
  sign,
  someBytes,
  someText,
  startBeside,
  startWithFiles,
  statusOf,
  stopWithFiles,
  storeRows,
  tryUpload,
  untilGone,
  untilKept,
  upload,
} from '../support/files.mjs';
import { metric } from '../support/metrics.mjs';
import { runParleyd, until } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';

const MiB = 1 << 20;
/** Unsent files live for about two seconds. */
const swept = { 'files.unsent_hours': 0.0005, 'files.sweep_seconds': 1 };

const postFile = (who, room, url, more = {}) => who.post(room, undefined, { file_url: url, ...more });
const setPicture = (who, url) => who.call('PATCH', '/me', { body: { img_url: url } });

async function withNode(place, set, body) {
  const node = await startWithFiles(place, set);
  try {
    await body(node, await newAccount(node, 'ada'));
  } finally {
    await stopWithFiles(node);
  }
}

for (const place of places) {
  describe(`kept ${place.name}`, () => {
    test('files, what is signed and who may see them outlive the node, however it ends', () =>
      withNode(place, {}, async (node, ada) => {
        const bob = await newAccount(node, 'bob');
        const room = await ada.group('kept', [bob]);
        const bytes = someBytes(2 * blockBytes + 5, 6);
        const { file_url: url } = await upload(ada, bytes);
        await postFile(ada, room, url);
        const { url: signed } = await sign(bob, url);
        const check = async () => {
          for (const who of [ada, bob]) await expectBytes(who, url, bytes);
          assert.ok((await answerOf(node, 'GET', signed)).bytes.equals(bytes));
          await expectHidden(await newAccount(node, 'cleo'), url);
        };
        await node.restart();
        await check();
        const { file_url: last } = await upload(ada, bytes);
        await node.kill();
        await node.start();
        await check();
        await expectBytes(ada, last, bytes);
      }));

    test('an upload in whose middle the node is killed is never served, and goes', () =>
      withNode(place, { ...swept, 'files.upload_seconds': 2, 'limits.file_quota_bytes': 2 * MiB }, async (node, ada) => {
        const kept = keptOf(node);
        for (const headers of [{ 'Content-Length': 2 * MiB }, { 'Transfer-Encoding': 'chunked' }]) {
          const first = 'Content-Length' in headers ? '' : `${(1 << 20).toString(16)}\r\n`;
          const raw = await beginUpload(node, ada, { headers, first });
          const before = await metric(node, 'file_bytes_received_total');
          raw.write(someBytes(MiB - 1000));
          const received = async () => (await metric(node, 'file_bytes_received_total')) - before;
          await until(async () => (await received()) > 3 * blockBytes, 'three blocks');
          await node.kill();
          raw.destroy();
          await node.start();
          for (const [url] of storeRows(node, 'SELECT file_url FROM tb_file')) await expectHidden(ada, url);
          await untilKept(node, kept);
          await until(async () => (await tryUpload(ada, someBytes(2 * MiB))).status === 201, 'the quota is free');
          await untilKept(node, kept);
        }
      }));

    test('what no message has goes after its time, bytes and all; what one has and pictures stay', () =>
      withNode(place, swept, async (node, ada) => {
        const bob = await newAccount(node, 'bob');
        const room = await ada.group('swept', [bob]);
        const bytes = someBytes(blockBytes + 1);
        const put = async () => (await upload(ada, bytes)).file_url;
        const [sent, twice, picture] = [await put(), await put(), await put()];
        await postFile(ada, room, sent);
        const first = await postFile(ada, room, twice);
        await postFile(ada, room, twice);
        await setPicture(ada, picture);
        const kept = keptOf(node);
        assert.equal(kept.rows, 3);

        const unsent = await put();
        await untilGone(ada, unsent);
        await untilKept(node, kept);
        await postFile(ada, room, unsent, { expect: 404 });

        // After the deleted message's file is gone, what is older has been looked at as well.
        await ada.call('DELETE', `/messages/${first.message_id}`);
        const gone = await put();
        const { message_id: message } = await postFile(ada, room, gone);
        await ada.call('DELETE', `/messages/${message}`);
        await untilGone(ada, gone);
        for (const url of [sent, twice]) await expectBytes(bob, url, bytes);
        await expectBytes(bob, picture, bytes);
        await untilKept(node, kept);

        await setPicture(ada, null);
        await untilGone(ada, picture);
        for (const url of [sent, twice]) await expectBytes(bob, url, bytes);
      }));

    test('a file that is being sent when the sweep comes is either sent or gone, and what is sent stays', () =>
      withNode(place, { ...swept, 'limits.send_rate_per_second': 0 }, async (node, ada) => {
        const room = await ada.group('race');
        const outcomes = [];
        let decoy = (await upload(ada)).file_url;
        const urls = [];
        for (let i = 0; i < 40; i += 1) urls.push((await upload(ada, someText())).file_url);
        await untilGone(ada, decoy);
        await Promise.all(
          urls.map(async (url) => {
            const { status } = await ada.answerOf('POST', `/rooms/${room}/messages`, { body: { file_url: url } });
            outcomes.push([url, status]);
          }),
        );
        decoy = (await upload(ada)).file_url;
        await untilGone(ada, decoy);
        for (const [url, status] of outcomes) {
          assert.ok([201, 404].includes(status), String(status));
          assert.equal(await statusOf(ada, url), status === 201 ? 200 : 404, `${url}, whose sending was answered ${status}`);
        }
      }));
  });
}

test('bytes that cannot be removed keep no other file from being swept', () =>
  withNode(places.find((place) => place.folder || place.name === 'in a folder'), swept, async (node, ada) => {
    const room = await ada.group('swept');
    const put = async () => {
      const { file_url: url } = await upload(ada);
      return { url, message: (await postFile(ada, room, url)).message_id };
    };
    const [stuck, next] = [await put(), await put()];
    // A folder with something in it under the file's name.
    const id = stuck.url.split('/').at(-2);
    const bytes = path.join(node.filesFolder, id.slice(-2), id);
    rmSync(bytes);
    mkdirSync(path.join(bytes, 'something'), { recursive: true });
    for (const { message } of [stuck, next]) await ada.call('DELETE', `/messages/${message}`);
    const rows = () => storeRows(node, 'SELECT file_url FROM tb_file').flat();
    await until(() => !rows().includes(next.url), 'the row of the one behind it to go');
    assert.deepEqual(rows(), [stuck.url]);
    rmSync(bytes, { recursive: true });
    await until(() => rows().length === 0, 'the row of the one that can be removed again to go');
  }));

// --- Two nodes ---

for (const place of postgresInUse ? places : []) {
  describe(`two nodes, files ${place.name}`, () => {
    let one, two, ada, adaThere, bob, bobThere;
    const there = (who) => new Account(two, who.username, who.password, { user_id: who.id }, who.token);
    before(async () => {
      one = await startWithFiles(place, { ...swept, 'files.upload_seconds': 4, 'limits.file_quota_bytes': 4 * MiB });
      two = await startBeside(one);
      [ada, bob] = [await newAccount(one, 'ada'), await newAccount(one, 'bob')];
      [adaThere, bobThere] = [there(ada), there(bob)];
    });
    after(async () => {
      await two?.stop();
      await stopWithFiles(one);
    });

    test('any node serves any file, its ranges and what another has signed', async () => {
      const bytes = someBytes(3 * blockBytes + 9, 2);
      const room = await ada.group('both', [bob]);
      const { file_url: url } = await upload(adaThere, bytes);
      await expectHidden(bob, url);
      await postFile(ada, room, url);
      for (const who of [ada, adaThere, bob, bobThere]) await expectBytes(who, url, bytes);
      const { url: signed } = await sign(bobThere, url);
      for (const node of [one, two]) {
        const part = await answerOf(node, 'GET', signed, { headers: { Range: `bytes=${blockBytes - 3}-${blockBytes + 2}` } });
        assert.equal(part.status, 206);
        assert.ok(part.bytes.equals(bytes.subarray(blockBytes - 3, blockBytes + 3)));
      }
      await bobThere.leave(room);
      for (const who of [bob, bobThere]) await expectHidden(who, url);
      for (const node of [one, two]) assert.equal((await answerOf(node, 'GET', signed)).status, 404);
    });

    test('what is deleted by one is hidden and swept by either', async () => {
      const room = await ada.group('gone', [bob]);
      const { file_url: url } = await upload(ada, someBytes(blockBytes + 1));
      const { message_id: message } = await postFile(adaThere, room, url);
      const kept = keptOf(one);
      await adaThere.call('DELETE', `/messages/${message}`);
      for (const who of [bob, bobThere]) await expectHidden(who, url);
      for (const who of [ada, adaThere]) await untilGone(who, url);
      await until(() => keptOf(one).rows < kept.rows, 'the row is gone');
      assert.equal(storeRows(one, `SELECT 1 FROM tb_file WHERE file_url = '${url}'`).length, 0);
    });

    test('the quota is one over all nodes', async () => {
      const eve = await newAccount(one, 'eve');
      const answers = await Promise.all([eve, there(eve)].map((who) => tryUpload(who, someBytes(3 * MiB))));
      const statuses = String(answers.map((a) => a.status).sort());
      assert.ok(['201,413', '413,413'].includes(statuses), statuses);
    });

    test('what a killed node had begun is cleared away by the other', async () => {
      const dora = await newAccount(one, 'dora');
      const of = () => storeRows(one, `SELECT file_url FROM tb_file WHERE user_id = '${dora.id}'`);
      const third = await startBeside(one);
      const raw = await beginUpload(third, dora, { length: 2 * MiB, first: '' });
      raw.write(someBytes(MiB));
      await until(async () => (await metric(third, 'file_bytes_received_total')) > 3 * blockBytes, 'three blocks');
      assert.equal(of().length, 1);
      await third.kill();
      raw.destroy();
      Object.assign(third, { expectKilled: true });
      await third.stop();
      for (const [url] of of()) await expectHidden(dora, url);
      await until(() => of().length === 0, 'the rest of the upload is gone');
      await upload(there(dora), someBytes(4 * MiB));
    });
  });
}

// --- Configurations that do not work ---

describe('a node does not start', () => {
  const refused = async (set, word) => {
    const { code, output } = await runParleyd({ set });
    assert.ok(code !== 0 && code !== null, `ended with ${code}: ${output}`);
    assert.match(output, word);
  };

  test('with a place for files that it does not know', async () => {
    for (const url of ['s3:bucket', 'dir:', '/tmp', 'store:x']) await refused({ 'files.url': url }, /files\.url/);
  });

  test('with a folder that is a file, or that it may not write to', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'parley-files-'));
    try {
      const file = path.join(folder, 'file');
      writeFileSync(file, '');
      const shared = { 'files.shared': true };
      await refused({ 'files.url': `dir:${file}`, ...shared }, /file/);
      await refused({ 'files.url': `dir:${file}/below`, ...shared }, /file/);
      if (process.getuid() === 0) return; // root may write anywhere
      chmodSync(folder, 0o500);
      await refused({ 'files.url': `dir:${folder}/below`, ...shared }, /files/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('with a folder of its own beside PostgreSQL, unless it is said to be shared', async () => {
    const store = { 'store.url': 'postgresql://nobody@127.0.0.1:1/nothing' };
    await refused({ ...store, 'files.url': 'dir:files' }, /files\.shared/);
    const { output } = await runParleyd({ set: { ...store, 'files.url': 'dir:files' }, args: ['--check-config'] });
    assert.match(output, /files\.shared/);
  });
});
