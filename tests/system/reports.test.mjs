// Reports of messages: who may report what, the moderators' queue, and what stays to be seen until it is decided.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { newAccount, newStaff } from '../support/client.mjs';
import { metric } from '../support/metrics.mjs';
import { allOf, decide, outcomeOf, range, report, unlimited } from '../support/moderation.mjs';
import { startParleyd } from '../support/parleyd.mjs';

const limit = 4;

let parley, ada, bob, cleo, guest, mo, root, room;
before(async () => {
  parley = await startParleyd({ set: { ...unlimited, 'limits.open_reports_per_user': limit } });
  [mo, root] = await Promise.all([newStaff(parley, 'moderator'), newStaff(parley, 'admin')]);
});
after(() => parley?.stop());
beforeEach(async () => {
  [ada, bob, cleo, guest] = await Promise.all(
    ['ada', 'bob', 'cleo', 'guest'].map((name) => newAccount(parley, name)),
  );
  room = await ada.group('reports', [bob, cleo]);
});

const open = (who) => who.connect({ replay: 'none' });
const closeAll = (...sockets) => Promise.all(sockets.map((socket) => socket.close()));
const nowhere = () => crypto.randomUUID();
const reporting = (message, body = { reason: 'spam' }) => ['POST', `/messages/${message}/reports`, body];
/** The reports of a room: those of other tests stand in the same queue. */
const queue = async (status = 'open', who = mo, pageOf = 200) =>
  (await allOf(who, `/admin/reports?status=${status}`, pageOf)).filter((item) => item.room_id === room);
const idsOf = (items) => items.map((item) => item.report_id);
const profileOf = async (who) => {
  const { user_id, username, display_name, img_url } = await who.call('GET', `/users/${who.id}`);
  return { user_id, username, display_name, img_url };
};

// --- Filing ---

test('a member reports a message of somebody else, and moderators see it with all that they need', async () => {
  const message = await bob.post(room, 'Buy my engines');
  const filed = await report(ada, message.message_id, { reason: 'spam', comment: 'The same in five rooms' });
  assert.deepEqual([filed.message_id, filed.reason], [message.message_id, 'spam']);
  const item = {
    ...filed,
    comment: 'The same in five rooms',
    reporter: await profileOf(ada),
    room_id: room,
    room_name: 'reports',
    seq: message.seq,
    sender: await profileOf(bob),
    content: 'Buy my engines',
    file_url: null,
    is_deleted: false,
    status: 'open',
    decided_by: null,
    decided_at: null,
    note: null,
  };
  for (const who of [mo, root]) assert.deepEqual(await queue('open', who), [item]);
  assert.deepEqual(await queue('decided'), []);
});

test('open ones are what is listed when nothing is said', async () => {
  const filed = await report(ada, (await bob.post(room, 'rude')).message_id, { reason: 'abuse' });
  const ids = idsOf(await allOf(mo, '/admin/reports'));
  assert.ok(ids.includes(filed.report_id));
  await decide(mo, filed, { status: 'dismissed' });
  assert.ok(!idsOf(await allOf(mo, '/admin/reports')).includes(filed.report_id));
});

test('each reason is taken, with a comment or without; any other is not', async () => {
  for (const reason of ['spam', 'abuse', 'illegal', 'other'])
    await report(cleo, (await bob.post(room, reason)).message_id, { reason });
  const reports = await queue();
  assert.deepEqual(reports.map((r) => [r.reason, r.comment, r.content]), [
    ['spam', null, 'spam'],
    ['abuse', null, 'abuse'],
    ['illegal', null, 'illegal'],
    ['other', null, 'other'],
  ]);
  const { message_id: message } = await bob.post(room, 'once more');
  for (const body of [{}, { reason: 'rude' }, { reason: 'SPAM' }, { reason: null }, { reason: 1 }, { comment: 'no reason' }])
    await report(ada, message, body, 400);
  assert.equal((await queue()).length, 4);
});

test('neither the room nor the sender nor the reporter hears of a report or its decision', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const sockets = [await open(ada), await open(bob), await open(cleo)];
  const { last_seq: before } = await ada.room(room);
  const filed = await report(ada, message, { reason: 'abuse' });
  await decide(mo, filed, { status: 'acted' });
  for (const socket of sockets) {
    await socket.ping();
    const others = socket.frames.filter((f) => !['ready', 'ack', 'presence'].includes(f.type));
    assert.deepEqual(others, []);
  }
  assert.equal((await ada.room(room)).last_seq, before, 'it is no event');
  await closeAll(...sockets);
});

test('an outsider cannot report, and cannot tell a hidden message from one that does not exist', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const left = await newAccount(parley, 'left');
  await ada.invite(room, left);
  const { message_id: own } = await left.post(room, 'his last words');
  await left.leave(room);
  for (const who of [guest, left, mo, root])
    for (const body of [{ reason: 'spam' }, {}, { reason: 'rude' }, { reason: 'spam', comment: 'x'.repeat(513) }]) {
      const said = [];
      for (const id of [message, own, nowhere()]) {
        const answer = await who.answerOf(...reporting(id, body).slice(0, 2), { body });
        said.push([answer.status, answer.body]);
      }
      for (const other of said) assert.deepEqual(other, said[0], JSON.stringify(body).slice(0, 60));
      if (body.reason === 'spam' && !body.comment) assert.equal(said[0][0], 404);
    }
  assert.deepEqual(await queue(), []);
});

test('neither an own message nor one that is deleted is reported', async () => {
  const own = await ada.post(room, 'my own');
  const gone = await bob.post(room, 'soon gone');
  await bob.call('DELETE', `/messages/${gone.message_id}`);
  for (const message of [own, gone]) {
    const { status } = await ada.answerOf('POST', `/messages/${message.message_id}/reports`, { body: { reason: 'spam' } });
    assert.ok(status >= 400 && status < 500, String(status));
  }
  assert.deepEqual(await queue(), []);
});

test('a message of a private room is reported too; the room has no name', async () => {
  room = await ada.privateRoom(bob);
  const { message_id: message } = await bob.post(room, 'rude');
  await report(ada, message, { reason: 'abuse' });
  await report(cleo, message, { reason: 'abuse' }, 404);
  assert.deepEqual((await queue()).map((r) => [r.room_name, r.content]), [[null, 'rude']]);
});

// --- Twice, and too many ---

test('a second report of a message by the same person is the first one, also once it is decided', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const first = await report(ada, message, { reason: 'abuse', comment: 'the first' });
  assert.deepEqual(await report(ada, message, { reason: 'spam', comment: 'the second' }, 200), first);
  const other = await report(cleo, message, { reason: 'spam' });
  assert.notEqual(other.report_id, first.report_id);
  assert.deepEqual((await queue()).map((r) => [r.report_id, r.reason, r.comment]), [
    [first.report_id, 'abuse', 'the first'],
    [other.report_id, 'spam', null],
  ]);
  await decide(mo, first, { status: 'dismissed' });
  assert.deepEqual(await report(ada, message, { reason: 'spam' }, 200), first);
  assert.deepEqual(await queue(), []);
});

test('a metric counts the reports that were filed, each once', async () => {
  const before = await metric(parley, 'reports_total');
  const own = await ada.post(room, 'my own');
  const { message_id: message } = await bob.post(room, 'rude');
  for (const who of [ada, cleo]) await report(who, message, { reason: 'abuse' });
  await report(ada, message, { reason: 'spam' }, 200);
  await report(ada, own.message_id, { reason: 'spam' }, 400);
  assert.equal(await metric(parley, 'reports_total'), before + 2);
});

test('of many at once by one person one is filed, and each answer is it', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const answers = await Promise.all(
    range(1, 8).map(() => ada.answerOf('POST', `/messages/${message}/reports`, { body: { reason: 'spam' } })),
  );
  assert.deepEqual(answers.map((a) => a.status).sort(), [...Array(7).fill(200), 201]);
  for (const { body } of answers) assert.deepEqual(body, answers[0].body);
  assert.equal((await queue()).length, 1);
});

test('so many wait for a decision and no more, also when all come at once; each decision makes room', async () => {
  const messages = await Promise.all(range(1, limit + 4).map((i) => bob.post(room, `rude ${i}`)));
  const outcomes = await Promise.all(messages.map((m) => outcomeOf(ada, ...reporting(m.message_id))));
  assert.deepEqual(outcomes.filter((o) => o === 'ok').length, limit);
  assert.deepEqual([...new Set(outcomes)].sort(), ['conflict', 'ok']);
  const filed = await queue();
  assert.equal(filed.length, limit);

  await report(ada, filed[0].message_id, { reason: 'spam' }, 200);
  const refused = messages.filter((m) => !filed.some((f) => f.message_id === m.message_id));
  await report(ada, refused[0].message_id, { reason: 'spam' }, 409);
  await report(cleo, refused[0].message_id, { reason: 'spam' });
  await decide(mo, filed[0], { status: 'dismissed' });
  await report(ada, refused[0].message_id, { reason: 'spam' });
  await report(ada, refused[1].message_id, { reason: 'spam' }, 409);
});

// --- The queue ---

test('open ones come the oldest first, decided ones the newest first, page by page', async () => {
  const messages = [];
  for (const i of range(1, 6)) messages.push(await bob.post(room, `rude ${i}`));
  const filed = [];
  for (const i of [2, 0, 1, 4, 3, 5]) filed.push(await report(i % 2 ? ada : cleo, messages[i].message_id, { reason: 'spam' }));
  for (const pageOf of [1, 2, 200]) assert.deepEqual(idsOf(await queue('open', mo, pageOf)), idsOf(filed));
  for (const item of filed.slice(0, 4)) await decide(mo, item, { status: 'dismissed' });
  assert.deepEqual(idsOf(await queue()), idsOf(filed.slice(4)));
  const decided = idsOf(filed.slice(0, 4)).reverse();
  for (const pageOf of [1, 3, 200]) assert.deepEqual(idsOf(await queue('decided', root, pageOf)), decided);
});

test('bad queries of the queue are refused', async () => {
  for (const query of ['status=all', 'status=acted', 'status=', 'limit=0', 'limit=201', 'cursor=nonsense'])
    await mo.call('GET', `/admin/reports?${query}`, { expect: 400 });
});

test('who is suspended sees no queue and reports nothing; users see no queue, and learn nothing of what is in it', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const filed = await report(ada, message, { reason: 'spam' });
  for (const who of [ada, bob, guest]) {
    await who.call('GET', '/admin/reports', { expect: 403 });
    const said = await Promise.all(
      [filed, { report_id: nowhere() }].map((r) => decide(who, r, { status: 'acted' }, 403)),
    );
    assert.deepEqual(said[0], said[1], 'they cannot tell whether it exists');
  }
  const [gone, member] = [await newStaff(parley, 'moderator'), await newAccount(parley)];
  await ada.invite(room, member);
  for (const who of [gone, member])
    await root.call('PATCH', `/admin/users/${who.id}`, { body: { flagDelete: 'not_active' } });
  await gone.call('GET', '/admin/reports', { expect: 401 });
  await decide(gone, filed, { status: 'acted' }, 401);
  await report(member, message, { reason: 'spam' }, 401);
  await root.call('PATCH', `/admin/users/${gone.id}`, { body: { flagDelete: 'active', role: 'user' } });
  await (await gone.again()).call('GET', '/admin/reports', { expect: 403 });
  assert.equal((await queue()).length, 1);
});

test('the text stays as it was reported, whatever its sender does, until it is decided', async () => {
  const [edited, gone] = [await bob.post(room, 'the edited one'), await bob.post(room, 'the deleted one')];
  const filed = [];
  for (const { message_id: message } of [edited, gone]) filed.push(await report(ada, message, { reason: 'abuse' }));
  await bob.call('PATCH', `/messages/${edited.message_id}`, { body: { content: 'harmless' } });
  await bob.call('DELETE', `/messages/${gone.message_id}`);
  const later = await report(cleo, edited.message_id, { reason: 'abuse' });
  assert.deepEqual((await queue()).map((r) => [r.report_id, r.content, r.is_deleted]), [
    [filed[0].report_id, 'the edited one', false],
    [filed[1].report_id, 'the deleted one', true],
    [later.report_id, 'harmless', false],
  ]);
  await bob.leave(room);
  await bob.call('PATCH', '/me', { body: { display_name: 'Somebody Else' } });
  await ada.leave(room);
  assert.equal((await queue()).length, 3);
  for (const item of [filed[0], filed[1]]) {
    const decided = await decide(mo, item, { status: 'acted', note: 'Banned' });
    assert.deepEqual([decided.content, decided.file_url, decided.note], [null, null, 'Banned']);
  }
  assert.deepEqual((await queue('decided')).map((r) => r.content), [null, null]);
  assert.deepEqual(idsOf(await queue()), [later.report_id], 'nobody has looked at that text yet');
});

test('reports outlive the node', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const [one, two] = [await report(ada, message, { reason: 'spam' }), await report(cleo, message, { reason: 'other' })];
  const before = await queue();
  await parley.kill();
  await parley.start();
  assert.deepEqual(await queue(), before);
  assert.deepEqual(await report(ada, message, { reason: 'spam' }, 200), one);
  await decide(mo, two, { status: 'dismissed' });
  await parley.kill();
  await parley.start();
  assert.deepEqual(idsOf(await queue('decided')).sort(), idsOf([one, two]).sort());
});

// --- Deciding ---

test('deciding a report decides all open ones of that message, and none of another', async () => {
  const [first, second] = [await bob.post(room, 'rude'), await bob.post(room, 'rude again')];
  const filed = [];
  for (const who of [ada, cleo])
    for (const { message_id: message } of [first, second]) filed.push(await report(who, message, { reason: 'abuse' }));
  const answer = await decide(root, filed[2], { status: 'acted', note: 'Banned' });
  assert.deepEqual(
    [answer.report_id, answer.status, answer.note, answer.content],
    [filed[2].report_id, 'acted', 'Banned', null],
  );
  assert.deepEqual(answer.decided_by, await profileOf(root));
  assert.ok(answer.decided_at >= answer.created_at);
  const decided = await queue('decided');
  assert.deepEqual(idsOf(decided).sort(), idsOf([filed[0], filed[2]]).sort());
  for (const item of decided) {
    assert.deepEqual([item.status, item.content, item.message_id], ['acted', null, first.message_id]);
    assert.deepEqual([item.decided_by, item.decided_at], [answer.decided_by, answer.decided_at]);
  }
  assert.deepEqual((await queue()).map((r) => [r.report_id, r.content]), [
    [filed[1].report_id, 'rude again'],
    [filed[3].report_id, 'rude again'],
  ]);
});

test('a decided report is a conflict, also when two decide at once; an unknown one is not found', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const [one, two] = [await report(ada, message, { reason: 'spam' }), await report(cleo, message, { reason: 'spam' })];
  const answers = await Promise.all(
    [mo, root, mo, root].map((who, i) =>
      who.answerOf('PATCH', `/admin/reports/${(i < 2 ? one : two).report_id}`, {
        body: { status: i % 2 ? 'acted' : 'dismissed' },
      }),
    ),
  );
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 409, 409, 409]);
  const won = answers.find((a) => a.status === 200).body;
  for (const item of [one, two]) for (const status of ['acted', 'dismissed']) await decide(mo, item, { status }, 409);
  for (const item of await queue('decided'))
    assert.deepEqual([item.status, item.decided_by.user_id], [won.status, won.decided_by.user_id]);
  await decide(mo, { report_id: nowhere() }, { status: 'acted' }, 404);
});

test('nobody sees or decides reports of his own messages; others do, and nothing tells that there are any', async () => {
  const staff = [await newStaff(parley, 'moderator'), await newStaff(parley, 'admin')];
  await ada.invite(room, ...staff);
  for (const who of staff) {
    const own = await report(ada, (await who.post(room, 'my own')).message_id, { reason: 'abuse' });
    const other = await report(cleo, (await bob.post(room, 'rude')).message_id, { reason: 'abuse' });
    const said = await Promise.all(
      [own, { report_id: nowhere() }].map((r) => decide(who, r, { status: 'dismissed' }, 404)),
    );
    assert.deepEqual(said[0], said[1], 'they cannot tell whether it exists');
    for (const pageOf of [1, 200]) assert.deepEqual(idsOf(await queue('open', who, pageOf)), [other.report_id]);
    assert.deepEqual(idsOf(await queue()), idsOf([own, other]));
    await decide(who, other, { status: 'dismissed' });
    await decide(mo, own, { status: 'acted' });
    for (const pageOf of [1, 200]) assert.ok(!idsOf(await queue('decided', who, pageOf)).includes(own.report_id));
    assert.ok(idsOf(await queue('decided')).includes(own.report_id));
    await decide(who, own, { status: 'dismissed' }, 404);
  }
});

test('bad decisions are refused and decide nothing', async () => {
  const filed = await report(ada, (await bob.post(room, 'rude')).message_id, { reason: 'spam' });
  for (const body of [{}, { status: 'open' }, { status: 'decided' }, { status: 1 }, { status: null }, { note: 'x' }])
    await decide(mo, filed, body, 400);
  for (const note of ['x'.repeat(513), 'a\u0000b', 5, ['x']])
    await decide(mo, filed, { status: 'acted', note }, 400);
  assert.deepEqual(idsOf(await queue()), [filed.report_id]);
  const note = '🦊'.repeat(512);
  assert.equal((await decide(mo, filed, { status: 'dismissed', note })).note, note);
});

test('a decision stands in the audit trail', async () => {
  const { message_id: message } = await bob.post(room, 'rude');
  const filed = await report(ada, message, { reason: 'spam' });
  await decide(mo, filed, { status: 'dismissed', note: 'harmless' });
  await decide(root, filed, { status: 'acted' }, 409);
  const entries = (await allOf(root, '/admin/audit')).filter((e) => e.message_id === message);
  assert.deepEqual(
    entries.map((e) => [e.action, e.actor.user_id, e.room_id]),
    [['report_decided', mo.id, room]],
  );
});
