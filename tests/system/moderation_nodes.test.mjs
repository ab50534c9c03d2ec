// Moderation over two nodes on one database: what one is told holds on the other at once. Live events stay on their node;
// what stands in the store is what counts here.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Account, expectRefused, newAccount, newStaff } from '../support/client.mjs';
import { startBeside } from '../support/files.mjs';
import {
  ban,
  bansOf,
  decide,
  liftBan,
  liftMute,
  mute,
  mutesOf,
  outcomeOf,
  range,
  report,
  sendMany,
  slowDown,
  unlimited,
  untilRemoved,
} from '../support/moderation.mjs';
import { deadlineMs, startParleyd } from '../support/parleyd.mjs';
import { postgresInUse } from '../support/postgres.mjs';

const skip = !postgresInUse && 'two nodes need PostgreSQL';

describe('two nodes', { skip }, () => {
  let one, two, ada, bob, cleo, mo;
  const there = (who) => new Account(two, who.username, who.password, { user_id: who.id }, who.token);
  const open = (who, options) => who.connect({ replay: 'none', ...options });
  const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));
  before(async () => {
    one = await startParleyd({ set: { ...unlimited, 'limits.open_reports_per_user': 3 } });
    two = await startBeside(one);
    [ada, bob, cleo] = await Promise.all(['ada', 'bob', 'cleo'].map((name) => newAccount(one, name)));
    mo = await newStaff(one, 'moderator');
  });
  after(async () => {
    await two?.stop();
    await one?.stop();
  });

  test('who is banned by one is out on both at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const room = await ada.group('out', [bob, cleo]);
      await there(bob).post(room, 'both nodes know the room');
      const sockets = [await open(bob), await open(there(bob))];
      await ban(round % 2 ? ada : there(ada), room, bob, {});
      for (const socket of sockets)
        await socket.refused('send_message', { room_id: room, content: 'am I?' }, 'not_found');
      for (const who of [bob, there(bob)]) {
        await who.post(room, 'am I?', { expect: 404 });
        await who.call('GET', `/rooms/${room}/messages`, { expect: 404 });
        await expectRefused(open(who, { room, user: bob.id }), 403);
      }
      for (const who of [cleo, there(cleo)]) {
        assert.equal(await outcomeOf(who, 'POST', `/rooms/${room}/members`, { user_ids: [bob.id] }), 'forbidden');
        const log = await who.allEvents(room);
        assert.deepEqual(log.map((e) => e.data.seq), range(1, log.length));
        assert.equal(log.at(-1).type, 'member_left');
      }
      for (const who of [ada, there(ada)]) assert.equal((await bansOf(who, room)).length, 1);
      await liftBan(round % 3 ? ada : there(ada), room, bob);
      await there(cleo).invite(room, bob);
      await closeAll(...sockets);
    }
  });

  test('who is muted by one is muted on both at once, and may write again at once when it is lifted', async () => {
    const room = await ada.group('quiet', [bob, cleo]);
    const sockets = [await open(bob), await open(there(bob))];
    const expected = [];
    for (let round = 0; round < 10; round += 1) {
      const { until } = await mute(round % 2 ? ada : there(ada), room, bob, { seconds: 600 });
      for (const socket of sockets)
        await socket.refused('send_message', { room_id: room, content: 'may I?' }, 'forbidden');
      for (const who of [bob, there(bob)]) assert.equal((await who.room(room)).muted_until, until);
      for (const who of [ada, there(ada)]) assert.equal((await mutesOf(who, room)).length, 1);
      await liftMute(round % 3 ? ada : there(ada), room, bob);
      for (const socket of sockets) await socket.say(room, 'I may');
      expected.push(until, null);
    }
    const [log, same] = [await ada.allEvents(room), await there(cleo).allEvents(room)];
    assert.deepEqual(log, same);
    assert.deepEqual(log.map((e) => e.data.seq), range(1, log.length));
    assert.deepEqual(
      log.filter((e) => e.type === 'member_muted').map((e) => e.data.until),
      expected,
    );
    await closeAll(...sockets);
  });

  test('slow mode that is set on one holds on the other at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const room = await ada.group('slow', [bob]);
      await bob.post(room, 'both nodes know the room');
      await there(bob).post(room, 'both nodes know the room');
      const [setter, sender] = round % 2 ? [ada, there(bob)] : [there(ada), bob];
      await slowDown(setter, room, 3600);
      assert.equal((await sender.room(room)).slow_mode_seconds, 3600);
      await outcomeOf(sender, 'POST', `/rooms/${room}/messages`, { content: 'the one' });
      for (const who of [bob, there(bob)]) await who.post(room, 'the other', { expect: 429 });
      await slowDown(setter, room, 0);
      for (const who of [bob, there(bob)]) await who.post(room, 'at once');
    }
  });

  test('messages are removed each once, whichever nodes write and ban, also when the node of the ban dies', async () => {
    const third = await startBeside(one);
    const room = await ada.group('a long talk', [bob, cleo]);
    const writing = [await open(bob), await open(there(bob))];
    const sent = (
      await Promise.all(
        writing.map((socket, n) => sendMany(socket, room, range(1, 300).map((i) => `walrus ${n} ${i}`))),
      )
    ).flat();
    const elsewhere = new Account(third, ada.username, ada.password, { user_id: ada.id }, ada.token);
    await ban(elsewhere, room, bob, { remove_messages: true });
    await third.kill();
    Object.assign(third, { expectKilled: true });
    await third.stop();
    await untilRemoved(ada, room, bob, deadlineMs * 6);
    const [log, same] = [await ada.allEvents(room), await there(cleo).allEvents(room)];
    assert.deepEqual(log, same);
    assert.deepEqual(log.map((e) => e.data.seq), range(1, log.length));
    const gone = log.filter((e) => e.type === 'message_deleted').map((e) => e.data.message_id);
    assert.deepEqual(gone.sort(), sent.map((ack) => ack.message_id).sort());
    assert.ok(!JSON.stringify(log).includes('walrus'));
    await closeAll(...writing);
  });

  test('reports are one queue and one limit over both', async () => {
    const room = await ada.group('reports', [bob]);
    const messages = await Promise.all(range(1, 8).map((i) => bob.post(room, `rude ${i}`)));
    const outcomes = await Promise.all(
      messages.map((m, i) =>
        outcomeOf(i % 2 ? ada : there(ada), 'POST', `/messages/${m.message_id}/reports`, { reason: 'spam' }),
      ),
    );
    assert.equal(outcomes.filter((o) => o === 'ok').length, 3);
    const { items } = await mo.call('GET', '/admin/reports');
    assert.deepEqual((await there(mo).call('GET', '/admin/reports')).items, items);
    const same = await Promise.all(
      [ada, there(ada)].map((who) => report(who, items[0].message_id, { reason: 'other' }, 200)),
    );
    assert.deepEqual(same[0], same[1]);
    const decisions = await Promise.all(
      [mo, there(mo)].map((who) =>
        who.answerOf('PATCH', `/admin/reports/${items[0].report_id}`, { body: { status: 'acted' } }),
      ),
    );
    assert.deepEqual(decisions.map((d) => d.status).sort(), [200, 409]);
    for (const item of items.slice(1)) await decide(there(mo), item, { status: 'dismissed' });
  });
});
