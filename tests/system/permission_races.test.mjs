// A removal or a suspension in the midst of what someone does: where it stands in the log, everything of his ends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { expectRefused, newAccount, newStaff } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { oldReaction, reactionPath } from '../support/permissions.mjs';

let parley, ada, cleo, guest, moderator;
before(async () => {
  parley = await startParleyd({
    set: {
      'limits.send_rate_per_second': 0,
      'limits.changes_per_second': 0,
      'limits.frames_per_second': 0,
      'limits.login_rate_per_minute': 0,
    },
  });
  [ada, cleo, guest] = await Promise.all(['ada', 'cleo', 'guest'].map((name) => newAccount(parley, name)));
  moderator = await newStaff(parley, 'moderator');
});
after(() => parley?.stop());

const open = (account, options) => account.connect({ replay: 'none', ...options });
const isBy = (account) => (event) => (event.data.by ?? event.data.user_id) === account.id;
const seqs = (events) => events.map((event) => event.data.seq);
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** A room of ada's with him and cleo in it, and a message of each. */
async function common(him) {
  const room = await ada.group('race', [him, cleo]);
  const [own, foreign] = [
    (await him.post(room, 'own')).message_id,
    (await cleo.post(room, 'hers')).message_id,
  ];
  return { room, own, foreign };
}

/** Everything that a member does, as calls that answer {way, outcome: ok or the code, seq}. */
function doings(him, socket, { room, own, foreign }) {
  const rest = (method, target, body) => async () => {
    const { status, body: said } = await him.answerOf(method, target, { body });
    return { way: 'rest', outcome: status < 300 ? 'ok' : said.code, seq: said.seq };
  };
  const ws = (type, data) => async () => {
    const { type: answer, data: said } = await socket.answerTo(socket.send(type, { room_id: room, ...data }));
    return { way: 'ws', outcome: answer === 'ack' ? 'ok' : said.code, seq: said.seq };
  };
  return [
    ws('send_message', { content: 'by frame' }),
    rest('POST', `/rooms/${room}/messages`, { content: 'by REST' }),
    ws('edit_message', { message_id: own, content: 'edited by frame' }),
    rest('PATCH', `/messages/${own}`, { content: 'edited by REST' }),
    ws('reaction', { message_id: foreign, emoji: oldReaction }),
    rest('PUT', reactionPath(foreign, '🦊')),
    ws('send_message', { content: 'by frame again' }),
    rest('POST', `/rooms/${room}/members`, { user_ids: [guest.id] }),
    ws('send_message', { content: 'the last by frame' }),
    rest('POST', `/rooms/${room}/messages`, { content: 'the last by REST' }),
  ];
}

/**
 * The calls, and the other thing at a place among them that the round says: in even rounds all begun at once, in odd
 * ones frames and REST each in turns, so that some certainly come after it. What the calls answer.
 */
async function interrupted(calls, round, other) {
  const place = round % (calls.length + 1);
  if (round % 2 === 0) {
    const begun = calls.slice(0, place).map((call) => call());
    const between = other();
    begun.push(...calls.slice(place).map((call) => call()));
    await between;
    return Promise.all(begun);
  }
  const answers = [];
  let between;
  const inTurns = async (remainder) => {
    for (const [i, call] of calls.entries()) {
      if (i % 2 !== remainder) continue;
      if (i === place) between = other();
      answers.push(await call());
    }
  };
  await Promise.all([inTurns(0), inTurns(1)]);
  await (between ?? other());
  return answers;
}

const removers = {
  'the creator removes him': (room, him) => ada.remove(room, him),
  'a moderator from outside removes him': (room, him) => moderator.remove(room, him),
  'the creator bans him': (room, him) => ada.call('PUT', `/rooms/${room}/bans/${him.id}`, { body: {} }),
  'he leaves': (room, him) => him.leave(room),
};
for (const [how, remove] of Object.entries(removers)) {
  test(`${how} while he sends, edits, reacts and invites: nothing of his is after it`, async () => {
    const bob = await newAccount(parley, 'bob');
    const [writing, listening, watching] = [await open(bob), await open(bob), await open(cleo)];
    const outcomes = { 'rest ok': 0, 'rest not_found': 0, 'ws ok': 0, 'ws not_found': 0 };
    for (let round = 0; round < 30; round += 1) {
      const at = await common(bob);
      const { room } = at;
      const added = (await listening.expectFrame('room_added', { room_id: room })).data.last_seq;
      await watching.expectFrame('room_added', { room_id: room });
      const inRoom = await open(bob, { room, user: bob.id });
      const answers = await interrupted(doings(bob, writing, at), round, () => remove(room, bob));
      const last = await ada.post(room, 'he is gone');
      await bob.call('POST', `/rooms/${room}/messages`, { body: { content: 'am I?' }, expect: 404 });

      const log = await ada.allEvents(room);
      assert.deepEqual(seqs(log), range(1, last.seq));
      const left = log.find((e) => e.type === 'member_left' && e.data.user_id === bob.id).data.seq;
      const his = log.filter((e) => isBy(bob)(e) && e.data.seq > 4 && e.data.seq !== left);
      for (const { type, data } of his)
        assert.ok(data.seq < left, `${type} of seq ${data.seq}, left at ${left}`);
      for (const { way, outcome, seq } of answers) {
        assert.ok(`${way} ${outcome}` in outcomes, `${way} ${outcome}`);
        outcomes[`${way} ${outcome}`] += 1;
        if (seq !== undefined) assert.ok(seq < left, `acknowledged seq ${seq}, left at ${left}`);
      }
      const stored = his.filter((e) => e.type !== 'member_joined'); // its answer has no seq
      const acknowledged = answers.map((a) => a.seq).filter((seq) => seq !== undefined);
      assert.deepEqual(new Set(seqs(stored)), new Set(acknowledged), 'what was refused was not stored');

      await inRoom.expectClose(4403);
      await watching.expectFrame('new_message', { message_id: last.message_id });
      for (const socket of [writing, listening]) {
        await socket.expectFrame('room_removed', { room_id: room });
        await socket.ping();
        const end = socket.frames.findIndex((f) => f.type === 'room_removed' && f.data.room_id === room);
        const later = socket.frames.slice(end + 1).filter((f) => f.type !== 'ack' && f.data.room_id === room);
        assert.deepEqual(later, []);
      }
      for (const socket of [listening, inRoom])
        for (const { data } of socket.durable(room)) assert.ok(data.seq < left, 'seen after the end');
      assert.deepEqual(seqs(listening.durable(room)), range(added + 1, left - 1), 'he saw all until then');
    }
    for (const [outcome, count] of Object.entries(outcomes))
      assert.ok(count > 0, `no call was answered ${outcome}: there was no race`);
    await Promise.all([writing, listening, watching].map((s) => s.close()));
  });
}

test('what is said after a removal is in nothing that he was reading at the time', async () => {
  const bob = await newAccount(parley, 'bob');
  const socket = await open(bob);
  const outcomes = { 200: 0, 404: 0 };
  const leaks = [];
  for (let round = 0; round < 30; round += 1) {
    const { room } = await common(bob);
    await socket.expectFrame('room_added', { room_id: room });
    const read = async (what) => {
      const { status, body } = await bob.answerOf('GET', `/rooms/${room}/${what}?limit=200`);
      outcomes[status] += 1;
      return status === 200 ? body.items.map((item) => item.seq ?? item.data.seq) : [];
    };
    const reads = [];
    let isOver = false;
    const reading = async (what) => {
      while (!isOver) reads.push(...(await read(what)));
    };
    const resuming = async () => {
      while (!isOver) await socket.answerTo(socket.send('resume', { rooms: { [room]: 0 } }));
    };
    const whats = ['events', 'messages', 'events', 'messages', 'events', 'messages'];
    const all = [...whats.map(reading), resuming()];
    // The store is kept busy, so that the removal and what follows come into one transaction.
    for (let i = 0; i < round % 5; i += 1) await ada.post(room, 'before');
    const busy = range(1, 3).map((i) => ada.post(room, `busy ${i}`));
    const removal = ada.remove(room, bob);
    const after = range(1, 5).map((i) => ada.post(room, `after ${i}`));
    await Promise.all([...busy, removal, ...after]);
    isOver = true;
    await Promise.all(all);

    const log = await ada.allEvents(room);
    const left = log.find((e) => e.type === 'member_left').data.seq;
    await socket.expectFrame('room_removed', { room_id: room });
    await socket.ping();
    for (const [way, found] of Object.entries({ REST: reads, resume: seqs(socket.durable(room)) })) {
      const late = new Set(found.filter((seq) => seq > left));
      if (late.size > 0) leaks.push(`left at ${left}, but got ${[...late]} by ${way}`);
    }
  }
  assert.deepEqual(leaks, []);
  for (const [status, count] of Object.entries(outcomes))
    assert.ok(count > 0, `no read was answered ${status}`);
  await socket.close();
});

// Their answers are read from the store when the event is in it already.
const answeredWithMore = {
  'an invitation': [
    'member_joined',
    (bob, room) => bob.answerOf('POST', `/rooms/${room}/members`, { body: { user_ids: [guest.id] } }),
  ],
  'a new name': [
    'room_renamed',
    (bob, room) => bob.answerOf('PATCH', `/rooms/${room}`, { body: { name: 'new' } }),
  ],
};
for (const [what, [type, change]] of Object.entries(answeredWithMore)) {
  test(`${what} is answered as what became of it, when its author is removed at once`, async () => {
    const bob = await newAccount(parley, 'bob');
    const wrong = [];
    for (let round = 0; round < 30; round += 1) {
      const room = await bob.group('race', [ada]);
      // The store is kept busy, so that both may come into one transaction.
      const busy = range(1, 5).map((i) => ada.post(room, `busy ${i}`));
      const [answer] = await Promise.all([change(bob, room), moderator.remove(room, bob), ...busy]);
      assert.ok([200, 404].includes(answer.status), answer.text);
      const log = await ada.allEvents(room);
      const isStored = log.some((e) => e.type === type && e.data.reason !== 'created');
      if (isStored !== (answer.status === 200)) wrong.push(`stored: ${isStored}, answered ${answer.text}`);
    }
    assert.deepEqual([...new Set(wrong)], [], `${wrong.length} of 30 rounds`);
  });
}

test('a suspension while he sends: nothing reaches him after its answer, and what he stored reaches the others', async () => {
  const watching = await open(cleo);
  const victims = await Promise.all(Array.from({ length: 30 }, () => newAccount(parley, 'dan')));
  const counts = { 'rest ok': 0, 'rest unauthenticated': 0, 'ws ok': 0, 'ws refused': 0 };
  for (const [round, dan] of victims.entries()) {
    const at = await common(dan);
    const { room } = at;
    await watching.expectFrame('room_added', { room_id: room });
    const sockets = [await open(dan), await open(dan), await open(dan, { room, user: dan.id })];
    const [arrivals, closes] = [[], []];
    for (const { socket } of sockets) {
      socket.on('message', () => arrivals.push(performance.now()));
      socket.on('close', () => closes.push(performance.now()));
    }

    const calls = doings(dan, sockets[0], at).map((call) => () => call().catch((error) => ({ error })));
    const meanwhile = Promise.all(range(1, 10).map((i) => ada.post(room, `meanwhile ${i}`)));
    let answeredAt;
    const answers = await interrupted(calls, round, async () => {
      const body = { flagDelete: 'not_active' };
      await moderator.call('PATCH', `/admin/users/${dan.id}`, { body });
      // What lay in this process's sockets when the answer came has been read by the next turn of its loop.
      await new Promise((resolve) => setImmediate(resolve));
      answeredAt = performance.now();
    });
    for (const socket of sockets) await socket.expectClose(4403);
    await meanwhile;
    assert.equal(closes.length, sockets.length);
    for (const at of closes)
      assert.ok(at - answeredAt < 8_000, `closed ${at - answeredAt} ms after the answer`);
    await dan.call('GET', '/me', { expect: 401 });
    await dan.call('POST', `/rooms/${room}/messages`, { body: { content: 'am I?' }, expect: 401 });
    await expectRefused(open(dan), 401);

    const last = await ada.post(room, 'he is gone');
    const log = await ada.allEvents(room);
    assert.deepEqual(seqs(log), range(1, last.seq));
    const stored = new Map(log.map((event) => [event.data.seq, event]));
    for (const { way, outcome, seq, error } of answers) {
      if (error) assert.match(error.message, /closed with 4403/);
      const isRefusedFrame = error || (way === 'ws' && outcome === 'unauthenticated');
      const how = isRefusedFrame ? 'ws refused' : `${way} ${outcome}`;
      assert.ok(how in counts, how);
      counts[how] += 1;
      if (seq !== undefined)
        assert.ok(isBy(dan)(stored.get(seq)), `acknowledged, but not in the log: ${seq}`);
    }
    await watching.expectFrame('new_message', { message_id: last.message_id });
    const seen = watching.durable(room);
    assert.deepEqual(seqs(seen), range(seen[0].data.seq, last.seq));
    assert.ok(seen[0].data.seq <= 6, 'the others see everything from his first on');
    const late = arrivals.filter((at) => at > answeredAt);
    assert.deepEqual(
      late.map((at) => at - answeredAt),
      [],
      'frames that came after the answer, in ms',
    );
  }
  for (const [what, count] of Object.entries(counts))
    assert.ok(count > 0, `no call ended with ${what}: there was no race`);
  await watching.close();
});
