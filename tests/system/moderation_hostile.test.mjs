// Moderation asked for badly, or too often: each with the contract's answer, nothing done, and the node alive.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { newAccount, newStaff } from '../support/client.mjs';
import { ban, bansOf, liftBan, mute, mutesOf, nobody, range, report, slowDown } from '../support/moderation.mjs';
import { pause, startParleyd } from '../support/parleyd.mjs';

const unlimitedSends = { 'limits.send_rate_per_second': 0, 'limits.frames_per_second': 0 };

let parley, ada, bob, cleo, mo, nobodyInIt, room, message, well;
before(async () => {
  parley = await startParleyd({ set: { ...unlimitedSends, 'limits.changes_per_second': 0 } });
  [ada, bob, cleo] = await Promise.all(['ada', 'bob', 'cleo'].map((name) => newAccount(parley, name)));
  mo = await newStaff(parley, 'moderator');
  nobodyInIt = await newAccount(parley, 'stranger');
  room = await ada.group('ours', [bob, cleo]);
  ({ message_id: message } = await bob.post(room, 'rude'));
  well = await cleo.connect({ replay: 'none' });
});
after(async () => {
  await well?.close();
  await parley?.stop();
});
/** Whatever was asked, others are served, nobody is out or muted, and nothing waits in the queue. */
afterEach(async () => {
  await well.ping();
  assert.deepEqual(await bansOf(ada, room), []);
  assert.deepEqual(await mutesOf(ada, room), []);
  assert.equal((await ada.room(room)).slow_mode_seconds, 0);
  assert.deepEqual((await mo.call('GET', '/admin/reports')).items, []);
  assert.equal((await ada.room(room)).last_seq, (await bob.room(room)).last_seq);
});

const banTarget = (user) => `/rooms/${room}/bans/${user}`;
const muteTarget = (user) => `/rooms/${room}/mutes/${user}`;
const slowTarget = () => `/rooms/${room}/slow-mode`;
const reportTarget = (id) => `/messages/${id}/reports`;
/** Every call with a body: method, path, and a body that would be taken if it were not spoiled. */
const calls = {
  'a ban': () => ['PUT', banTarget(bob.id), { reason: 'adverts' }, 'reason'],
  'a mute': () => ['PUT', muteTarget(bob.id), { seconds: 60, reason: 'loud' }, 'reason'],
  'a report': () => ['POST', reportTarget(message), { reason: 'spam', comment: 'five rooms' }, 'comment'],
};
const oddTexts = {
  '513 letters': 'x'.repeat(513),
  '513 characters beyond the first plane': '🦊'.repeat(513),
  '513 letters of two bytes': 'đ'.repeat(513),
  'sixty thousand letters': 'x'.repeat(60_000),
  'a NUL': 'a\u0000b',
  'a NUL at its end': 'adverts\u0000',
  'a number': 5,
  'a list': ['adverts'],
  'an object': { text: 'adverts' },
  'a boolean': true,
};
for (const what of Object.keys(calls)) {
  test(`${what} with an odd text is refused`, async () => {
    for (const [odd, text] of Object.entries(oddTexts)) {
      const [method, target, body, field] = calls[what]();
      const answer = await ada.answerOf(method, target, { body: { ...body, [field]: text } });
      assert.deepEqual([answer.status, answer.body.code], [400, 'bad_request'], odd);
      assert.match(answer.body.detail, new RegExp(field), odd);
    }
  });

  test(`${what} whose body is no object of JSON is refused`, async () => {
    const [method, target] = calls[what]();
    for (const body of ['{', '[]', '"adverts"', '42', 'true', 'adverts', '{"reason":"\\ud800","seconds":60}', '{"a":1}{}'])
      await ada.call(method, target, { body, expect: 400 });
    for (const depth of [1000, 10_000])
      await ada.call(method, target, { body: `{"reason":${'['.repeat(depth)}${']'.repeat(depth)}}`, expect: 400 });
  });

  test(`${what} with a body over the limit is too large`, async () => {
    const [method, target, body] = calls[what]();
    const answer = await ada.answerOf(method, target, { body: { ...body, padding: 'x'.repeat(70_000) } });
    assert.deepEqual([answer.status, answer.body.code], [413, 'too_large']);
  });
}

test('a text of 512 characters of any length in bytes is taken and given back', async () => {
  for (const text of ['x'.repeat(512), 'đ'.repeat(512), '🦊'.repeat(512)]) {
    assert.equal((await ban(ada, room, cleo, { reason: text })).reason, text);
    assert.equal((await bansOf(mo, room))[0].reason, text);
    await liftBan(ada, room, cleo);
    await ada.invite(room, cleo);
    assert.equal((await mute(ada, room, cleo, { seconds: 60, reason: text })).reason, text);
    assert.equal((await mutesOf(mo, room))[0].reason, text);
    await ada.call('DELETE', muteTarget(cleo.id), { expect: 204 });
    const { message_id: id } = await bob.post(room, 'rude');
    const { report_id: filed } = await report(ada, id, { reason: 'other', comment: text });
    const { items } = await mo.call('GET', '/admin/reports');
    assert.equal(items[0].comment, text);
    await mo.call('PATCH', `/admin/reports/${filed}`, { body: { status: 'dismissed', note: text } });
  }
});

test('texts are given back as they were written, whatever is in them', async () => {
  for (const text of [
    "'; DROP TABLE tb_room; --",
    '<script>alert(1)</script>',
    '"\\\n\t\u0001\u007f',
    '%s%n{}',
    'a\u202eb',
  ])
    assert.equal((await ban(ada, room, await newAccount(parley, 'stranger'), { reason: text })).reason, text);
  for (const item of await bansOf(ada, room)) await ada.call('DELETE', banTarget(item.user.user_id), { expect: 204 });
});

test('fields that are null are as good as left out, unknown ones are ignored', async () => {
  const raw = (method, target, body, expect) => ada.call(method, target, { body: JSON.stringify(body), expect });
  const none = { reason: null, seconds: 'x', launch: [1, { a: null }] };
  const { reason, removing_messages: removing } = await raw('PUT', banTarget(cleo.id), none, 200);
  assert.deepEqual([reason, removing], [null, false]);
  await liftBan(ada, room, cleo);
  await ada.invite(room, cleo);
  assert.equal((await raw('PUT', muteTarget(cleo.id), { seconds: 60, reason: null, until: 5 }, 200)).reason, null);
  await ada.call('DELETE', muteTarget(cleo.id), { expect: 204 });
  assert.equal((await raw('PUT', slowTarget(), { seconds: 0, slow_mode_seconds: 30 }, 200)).slow_mode_seconds, 0);
});

test('remove_messages that is null is as good as left out', async () => {
  const { removing_messages: removing } = await ada.call('PUT', banTarget(nobodyInIt.id), {
    body: '{"remove_messages":null}',
  });
  assert.equal(removing, false);
  await liftBan(ada, room, nobodyInIt);
});

test('remove_messages that is no boolean is refused', async () => {
  for (const remove of ['true', 1, 0, [], {}, ''])
    await ada.call('PUT', banTarget(bob.id), { body: { remove_messages: remove }, expect: 400 });
});

test('mutes and slow mode without a body are refused', async () => {
  await ada.call('PUT', muteTarget(bob.id), { expect: 400 });
  await ada.call('PUT', slowTarget(), { expect: 400 });
  await ada.call('POST', reportTarget(message), { expect: 400 });
});

test('numbers that no integer holds are refused', async () => {
  for (const number of ['-0.5', '1e400', '99999999999999999999', '-99999999999999999999', '0x10', '01', 'NaN', '1.0000001'])
    for (const target of [muteTarget(bob.id), slowTarget()])
      await ada.call('PUT', target, { body: `{"seconds":${number}}`, expect: 400 });
});

test('ids that are none are refused or not found, in every place', async () => {
  const odd = ['x', '0', bob.id.slice(1), `${bob.id}0`, '..', '%00', '%2e%2e', "'", '🦊', 'me'].map((id) =>
    id.startsWith('%') ? id : encodeURIComponent(id),
  );
  for (const id of odd) {
    for (const [method, target, body] of [
      ['PUT', banTarget(id), {}],
      ['DELETE', banTarget(id)],
      ['PUT', muteTarget(id), { seconds: 60 }],
      ['DELETE', muteTarget(id)],
      ['PUT', `/rooms/${id}/bans/${bob.id}`, {}],
      ['GET', `/rooms/${id}/bans`],
      ['GET', `/rooms/${id}/mutes`],
      ['PUT', `/rooms/${id}/slow-mode`, { seconds: 30 }],
      ['POST', `/messages/${id}/reports`, { reason: 'spam' }],
    ]) {
      const { status } = await ada.answerOf(method, target, { body });
      assert.ok([400, 404, 405].includes(status), `${method} ${target}: ${status}`);
    }
    const { status } = await mo.answerOf('PATCH', `/admin/reports/${id}`, { body: { status: 'acted' } });
    assert.ok([400, 404, 405].includes(status), `${id}: ${status}`);
  }
  for (const target of [banTarget(nobody.id), muteTarget(nobody.id)])
    await ada.call('PUT', target, { body: { seconds: 60 }, expect: 404 });
});

test('methods that are none are told what is', async () => {
  for (const [method, target] of [
    ['POST', banTarget(bob.id)],
    ['PATCH', muteTarget(bob.id)],
    ['DELETE', slowTarget()],
    ['PUT', reportTarget(message)],
    ['POST', `/rooms/${room}/bans`],
    ['DELETE', '/admin/reports'],
    ['GET', `/admin/reports/${crypto.randomUUID()}`],
  ]) {
    const { headers } = await mo.answerOf(method, target, { body: method === 'DELETE' ? undefined : {} });
    assert.ok(headers.allow, `${method} ${target}`);
  }
});

// --- Too often ---

/** The calls one after another, until one is refused; how many were taken before, and the refusal. */
async function flood(callOf, atMost) {
  for (let i = 0; i < atMost; i += 1) {
    const answer = await callOf(i);
    if (answer.status === 429) return { taken: i, answer };
    assert.ok(answer.status < 300, answer.text);
  }
  return { taken: atMost };
}

test('a flood of bans, mutes or changes of slow mode is rate_limited, for its token alone', async () => {
  const node = await startParleyd({ set: { 'limits.changes_burst': 20 } });
  const [eve, one, two] = await Promise.all(['eve', 'one', 'two'].map((name) => newAccount(node, name)));
  const theirs = await eve.group('theirs', [one]);
  const floods = {
    'bans and their ends': (who) => (i) => who.answerOf(i % 2 ? 'DELETE' : 'PUT', `/rooms/${theirs}/bans/${two.id}`),
    mutes: (who) => (i) => who.answerOf('PUT', `/rooms/${theirs}/mutes/${one.id}`, { body: { seconds: 60 + i } }),
    'slow mode': (who) => (i) => who.answerOf('PUT', `/rooms/${theirs}/slow-mode`, { body: { seconds: i % 2 } }),
  };
  for (const [what, callOf] of Object.entries(floods)) {
    const who = await eve.again();
    const { taken, answer } = await flood(callOf(who), 100);
    assert.ok(taken >= 20 && taken < 100, `${taken} ${what} were taken`);
    assert.equal(answer.body.code, 'rate_limited');
    assert.ok(answer.body.retry_after_ms > 0 && Number(answer.headers['retry-after']) >= 1);
    await who.room(theirs);
    await who.post(theirs, `talking on after ${what}`);
    await slowDown(eve, theirs, 0);
    await pause(answer.body.retry_after_ms + 10);
    assert.equal((await callOf(who)(0)).status, 200, 'after the wait it is taken');
  }
  await node.stop();
});

test('a flood of reports and decisions is rate_limited', async () => {
  const node = await startParleyd({ set: { ...unlimitedSends, 'limits.changes_burst': 20 } });
  const [eve, one] = await Promise.all(['eve', 'one'].map((name) => newAccount(node, name)));
  const theirs = await eve.group('theirs', [one]);
  const { message_id: id } = await one.post(theirs, 'rude');
  const { taken } = await flood(() => eve.answerOf('POST', `/messages/${id}/reports`, { body: { reason: 'spam' } }), 100);
  assert.ok(taken >= 20 && taken < 100, `${taken} were taken`);
  await node.stop();
});

test('a hundred at once about one member come to one end', async () => {
  const user = await newAccount(parley, 'user');
  const { last_seq: before } = await ada.room(room);
  await ada.invite(room, user);
  await Promise.all(
    range(1, 100).map(async (i) => {
      const way = [
        ['PUT', banTarget(user.id), {}],
        ['DELETE', banTarget(user.id)],
        ['PUT', muteTarget(user.id), { seconds: 60 }],
        ['DELETE', muteTarget(user.id)],
        ['POST', `/rooms/${room}/members`, { user_ids: [user.id] }],
      ][i % 5];
      const { status } = await (i % 2 ? ada : mo).answerOf(way[0], way[1], { body: way[2] });
      assert.ok([200, 204, 403, 404].includes(status), `${way[0]} ${way[1]}: ${status}`);
    }),
  );
  for (const target of [banTarget(user.id), muteTarget(user.id)]) await ada.answerOf('DELETE', target);
  const { items } = await ada.call('GET', `/rooms/${room}/members?limit=200`);
  const isInside = items.some((m) => m.user_id === user.id);
  const log = (await ada.allEvents(room)).filter((e) => e.data.seq > before && e.data.user_id === user.id);
  const moves = log.filter((e) => e.type !== 'member_muted').map((e) => e.type);
  for (const [i, type] of moves.entries())
    assert.equal(type, i % 2 ? 'member_left' : 'member_joined', 'in and out by turns');
  assert.equal(moves.length % 2 === 1, isInside);
});
