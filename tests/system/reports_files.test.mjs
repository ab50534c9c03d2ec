// The file of a reported message: moderators may open it while the report is open, and it is kept until then.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { newAccount, newStaff } from '../support/client.mjs';
import {
  expectBytes,
  expectHidden,
  places,
  sign,
  someBytes,
  startWithFiles,
  statusOf,
  stopWithFiles,
  storeRows,
  untilGone,
  upload,
} from '../support/files.mjs';
import { answerOf } from '../support/http.mjs';
import { allOf, ban, decide, report, unlimited, untilRemoved } from '../support/moderation.mjs';
import { until } from '../support/parleyd.mjs';

/** Files that no message has live for about two seconds. */
const swept = { 'files.unsent_hours': 0.0005, 'files.sweep_seconds': 1 };
const bytes = someBytes(300_000, 7);

for (const place of places) {
  describe(`files ${place.name}`, () => {
    let parley, ada, bob, cleo, guest, mo, root;
    before(async () => {
      parley = await startWithFiles(place, { ...unlimited, ...swept });
      [ada, bob, cleo, guest] = await Promise.all(
        ['ada', 'bob', 'cleo', 'guest'].map((name) => newAccount(parley, name)),
      );
      [mo, root] = await Promise.all([newStaff(parley, 'moderator'), newStaff(parley, 'admin')]);
    });
    after(() => stopWithFiles(parley));

    const isKept = (url) => storeRows(parley, `SELECT 1 FROM tb_file WHERE file_url = '${url}'`).length > 0;

    /** A message of bob's with a file, that nobody has reported yet. */
    async function posted() {
      const room = await ada.group('files', [bob, cleo]);
      const { file_url: url } = await upload(bob, bytes);
      const { message_id: message } = await bob.post(room, 'with a picture', { file_url: url });
      return { room, url, message };
    }

    test('a moderator who is no member opens it while the report is open, by token and signed, and not after', async () => {
      const { url, message } = await posted();
      for (const who of [mo, root, guest]) await expectHidden(who, url);
      await sign(mo, url, 404);
      const filed = await report(ada, message, { reason: 'illegal' });
      const item = (await allOf(mo, '/admin/reports')).find((r) => r.report_id === filed.report_id);
      assert.equal(item.file_url, url);
      await expectHidden(guest, url);
      const signed = [];
      for (const who of [mo, root]) {
        await expectBytes(who, url, bytes);
        signed.push((await sign(who, url)).url);
      }
      for (const address of signed) assert.ok((await answerOf(parley, 'GET', address)).bytes.equals(bytes));

      const decided = await decide(mo, filed, { status: 'dismissed' });
      assert.equal(decided.file_url, null);
      for (const who of [mo, root]) {
        await expectHidden(who, url);
        await sign(who, url, 404);
      }
      for (const address of signed) assert.equal((await answerOf(parley, 'GET', address)).status, 404);
      await expectBytes(cleo, url, bytes);
    });

    test('a message with a file and no text is reported with its file', async () => {
      const room = await ada.group('files', [bob]);
      const { file_url: url } = await upload(bob, bytes);
      const { message_id: message } = await bob.post(room, undefined, { file_url: url });
      const filed = await report(ada, message, { reason: 'illegal' });
      const item = (await allOf(mo, '/admin/reports')).find((r) => r.report_id === filed.report_id);
      assert.equal(item.file_url, url);
      await decide(mo, filed, { status: 'dismissed' });
    });

    test('it is kept for moderators alone when the message is deleted, until a decision', async () => {
      const { room, url, message } = await posted();
      const other = await posted();
      const filed = await report(ada, message, { reason: 'illegal' });
      await report(cleo, message, { reason: 'illegal' });
      for (const { message: id } of [{ message }, other]) await bob.call('DELETE', `/messages/${id}`);
      await until(() => !isKept(other.url), 'the file of a deleted message is swept');
      const decoy = (await upload(bob)).file_url;
      await untilGone(bob, decoy);
      assert.ok(isKept(url), 'while that of a reported one stays');
      for (const who of [mo, root]) await expectBytes(who, url, bytes);
      for (const who of [ada, cleo, guest]) await expectHidden(who, url);
      await cleo.post(room, undefined, { file_url: url, expect: 404 });
      await decide(root, filed, { status: 'acted' });
      for (const who of [mo, root]) assert.equal(await statusOf(who, url), 404);
      await until(() => !isKept(url), 'then it goes as well');
      await expectHidden(bob, url);
    });

    test('it is kept when its sender is banned with all that he wrote', async () => {
      const { room, url, message } = await posted();
      const filed = await report(cleo, message, { reason: 'illegal' });
      await ban(mo, room, bob, { remove_messages: true });
      await untilRemoved(mo, room, bob);
      const item = (await allOf(mo, '/admin/reports')).find((r) => r.report_id === filed.report_id);
      assert.deepEqual([item.content, item.file_url, item.is_deleted], ['with a picture', url, true]);
      await expectBytes(mo, url, bytes);
      for (const who of [ada, cleo]) await expectHidden(who, url);
      await decide(mo, filed, { status: 'acted' });
      await until(() => !isKept(url), 'it goes with the decision');
    });

    test('who is no longer a moderator does not open it any more', async () => {
      const { url, message } = await posted();
      const mo2 = await newStaff(parley, 'moderator');
      const filed = await report(ada, message, { reason: 'illegal' });
      const { url: signed } = await sign(mo2, url);
      await expectBytes(mo2, url, bytes);
      await root.call('PATCH', `/admin/users/${mo2.id}`, { body: { role: 'user' } });
      await expectHidden(mo2, url);
      assert.equal((await answerOf(parley, 'GET', signed)).status, 404);
      await decide(mo, filed, { status: 'dismissed' });
    });
  });
}
