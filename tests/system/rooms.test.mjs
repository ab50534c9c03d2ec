// Groups and private rooms: making them, seeing them, and who may not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { newAccount } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';

let parley, ada, bob, cleo;
before(async () => {
  parley = await startParleyd();
  ada = await newAccount(parley, 'ada');
  bob = await newAccount(parley, 'bob');
  cleo = await newAccount(parley, 'cleo');
});
after(() => parley?.stop());

test('a new group has a name, its creator and its first members, each joined by an event', async () => {
  const body = { name: 'Engines', is_group: true, members: [bob.id, cleo.id] };
  const room = await ada.call('POST', '/rooms', { body, expect: 201 });
  assert.equal(room.name, 'Engines');
  assert.equal(room.last_seq, 3);
  assert.equal(room.unread, 0);
  const { items } = await ada.call('GET', `/rooms/${room.room_id}/members`);
  assert.deepEqual(items.map((m) => m.user_id).sort(), [ada.id, bob.id, cleo.id].sort());
  const events = await ada.events(room.room_id);
  assert.deepEqual(
    events.items.map((e) => [e.type, e.data.seq, e.data.reason, e.data.by]),
    [
      ['member_joined', 1, 'created', ada.id],
      ['member_joined', 2, 'created', ada.id],
      ['member_joined', 3, 'created', ada.id],
    ],
  );
  assert.equal(events.items[0].data.user_id, ada.id);
});

test('a group needs no other members, and repeating oneself or another among them changes nothing', async () => {
  const alone = await ada.group('alone');
  assert.equal((await ada.room(alone)).last_seq, 1);
  const twice = await ada.group('twice', [ada, bob, bob]);
  const { items } = await ada.call('GET', `/rooms/${twice}/members`);
  assert.deepEqual(items.map((m) => m.user_id).sort(), [ada.id, bob.id].sort());
  assert.equal((await ada.room(twice)).last_seq, 2);
});

test('a group shows in the list of each member, and as the same room by itself', async () => {
  const roomId = await ada.group('listed', [bob]);
  for (const member of [ada, bob]) {
    const { items } = await member.call('GET', '/rooms?limit=200');
    const listed = items.find((r) => r.room_id === roomId);
    assert.deepEqual(listed, await member.room(roomId));
  }
  const others = await cleo.call('GET', '/rooms?limit=200');
  assert.ok(!others.items.some((r) => r.room_id === roomId));
});

test('a private room belongs to a pair: who asks again, from either side, gets the same one', async () => {
  const first = await ada.call('POST', '/rooms', { body: { is_group: false, user_id: bob.id }, expect: 201 });
  assert.equal(first.is_group, false);
  assert.equal(first.peer.user_id, bob.id);
  const again = await ada.call('POST', '/rooms', { body: { is_group: false, user_id: bob.id }, expect: 200 });
  assert.deepEqual(again, first);
  const mirrored = await bob.call('POST', '/rooms', {
    body: { is_group: false, user_id: ada.id },
    expect: 200,
  });
  assert.equal(mirrored.room_id, first.room_id);
  assert.equal(mirrored.peer.user_id, ada.id);
});

test('a pair that opens its private room from both sides at once has one', async () => {
  const dora = await newAccount(parley, 'dora');
  const emil = await newAccount(parley, 'emil');
  const open = (who, other) =>
    who.answerOf('POST', '/rooms', { body: { is_group: false, user_id: other.id } });
  const answers = await Promise.all([open(dora, emil), open(emil, dora), open(dora, emil), open(emil, dora)]);
  assert.equal(new Set(answers.map((a) => a.body.room_id)).size, 1);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 200, 200, 201]);
});

const refused = {
  'a group without a name': { is_group: true },
  'a group with an empty name': { is_group: true, name: '' },
  'a group with a name of 129 characters': { is_group: true, name: 'n'.repeat(129) },
  'a group with NUL in its name': { is_group: true, name: 'a\u0000b' },
  'a group with a number for a name': { is_group: true, name: 5 },
  'a group with members that are no ids': { is_group: true, name: 'x', members: ['bob'] },
  'a group with members that are no list': { is_group: true, name: 'x', members: {} },
  'a private room without the other': { is_group: false },
  'a private room with a name for an id': { is_group: false, user_id: 'bob' },
  'a room that is neither': { name: 'x' },
  'a room whose is_group is text': { name: 'x', is_group: 'yes' },
};
for (const [what, body] of Object.entries(refused)) {
  test(`${what} is a bad request`, async () => {
    const problem = await ada.call('POST', '/rooms', { body, expect: 400 });
    assert.equal(problem.code, 'bad_request');
  });
}

test('a room with oneself alone as a pair is refused', async () => {
  const answer = await ada.answerOf('POST', '/rooms', { body: { is_group: false, user_id: ada.id } });
  assert.ok([400, 409].includes(answer.status), answer.text);
});

test('a room with somebody who does not exist is not found, and nothing is left of it', async () => {
  const nobody = '01939b6e-0000-7000-8000-000000000000';
  const before = (await ada.call('GET', '/rooms?limit=200')).items.length;
  await ada.call('POST', '/rooms', { body: { is_group: false, user_id: nobody }, expect: 404 });
  await ada.call('POST', '/rooms', {
    body: { is_group: true, name: 'x', members: [bob.id, nobody] },
    expect: 404,
  });
  assert.equal((await ada.call('GET', '/rooms?limit=200')).items.length, before);
});

test('who is not a member sees nothing of a room: not found, as for a room that does not exist', async () => {
  const roomId = await ada.group('hidden', [bob]);
  const sent = await ada.post(roomId, 'secret');
  for (const id of [roomId, '01939b6e-0000-7000-8000-000000000000']) {
    const calls = [
      ['GET', `/rooms/${id}`],
      ['GET', `/rooms/${id}/members`],
      ['GET', `/rooms/${id}/messages`],
      ['GET', `/rooms/${id}/events`],
      ['POST', `/rooms/${id}/messages`, { content: 'let me in' }],
      ['POST', `/rooms/${id}/members`, { user_ids: [cleo.id] }],
      ['POST', `/rooms/${id}/read`, { seq: 1 }],
      ['DELETE', `/rooms/${id}/members/me`],
      ['DELETE', `/rooms/${id}/members/${bob.id}`],
    ];
    for (const [method, target, body] of calls) {
      const problem = await cleo.call(method, target, { body, expect: 404 });
      assert.equal(problem.code, 'not_found', `${method} ${target}`);
    }
  }
  const reaction = encodeURIComponent('👍');
  await cleo.call('PUT', `/messages/${sent.message_id}/reactions/${reaction}`, { expect: 404 });
  await cleo.call('DELETE', `/messages/${sent.message_id}/reactions/${reaction}`, { expect: 404 });
});

test('an id in a path that is none is a bad request or not found', async () => {
  for (const target of ['/rooms/none', '/rooms/none/messages', '/rooms/none/members']) {
    const answer = await ada.answerOf('GET', target);
    assert.ok([400, 404].includes(answer.status), `${target} ${answer.status}`);
  }
});

test('a private room takes nobody in and is not left', async () => {
  const roomId = await ada.privateRoom(cleo);
  const body = { user_ids: [bob.id] };
  for (const [method, target, sent] of [
    ['POST', `/rooms/${roomId}/members`, body],
    ['DELETE', `/rooms/${roomId}/members/me`],
    ['DELETE', `/rooms/${roomId}/members/${cleo.id}`],
  ]) {
    const problem = await ada.call(method, target, { body: sent, expect: 409 });
    assert.equal(problem.code, 'conflict');
  }
});

test('rooms and members come in pages that fit together', async () => {
  const reader = await newAccount(parley);
  const made = [];
  for (let i = 0; i < 5; i += 1) made.push(await reader.group(`room ${i}`, [bob, cleo]));
  const walk = async (target) => {
    const seen = [];
    let cursor = '';
    for (let pages = 0; pages < 10; pages += 1) {
      const page = await reader.call('GET', `${target}?limit=2${cursor}`);
      assert.ok(page.items.length <= 2);
      seen.push(...page.items);
      if (page.next_cursor === null) return seen;
      cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
    }
    return assert.fail('the pages never end');
  };
  assert.deepEqual((await walk('/rooms')).map((r) => r.room_id).sort(), made.sort());
  const members = await walk(`/rooms/${made[0]}/members`);
  assert.deepEqual(members.map((m) => m.user_id).sort(), [reader.id, bob.id, cleo.id].sort());
});

test('rooms are still there after a restart', async () => {
  const roomId = await ada.group('kept', [bob]);
  const before = await bob.room(roomId);
  await parley.restart();
  assert.deepEqual(await bob.room(roomId), before);
});
