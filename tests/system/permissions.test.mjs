// The matrix of operation and role in rooms: everybody tries everything, by REST and by WebSocket, each time in a
// room of its own; what is refused changes nothing and tells no outsider whether a thing exists.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Account, expectRefused, newAccount, newStaff, UpgradeRefused } from '../support/client.mjs';
import { startParleyd } from '../support/parleyd.mjs';
import { letters, lines, moderationProbes, oldReaction, people, reactionPath } from '../support/permissions.mjs';

let parley, ada, bystander, guest, secret, doorStage;
const cast = {}; // by name in `people`, their accounts
const sockets = {}; // and their sockets
const unlimited = {
  'limits.send_rate_per_second': 0,
  'limits.changes_per_second': 0,
  'limits.frames_per_second': 0,
  'limits.login_rate_per_minute': 0,
};

before(async () => {
  parley = await startParleyd({ set: unlimited });
  const plain = ['suspended', 'locked', 'outsider', 'blocked', 'left', 'removed', 'banned', 'member', 'creator'];
  const staff = ['moderator', 'admin'];
  [ada, bystander, guest] = await Promise.all(
    ['ada', 'bystander', 'guest'].map((n) => newAccount(parley, n)),
  );
  await Promise.all([
    ...plain.map(async (name) => (cast[name] = await newAccount(parley, name))),
    ...staff.map(async (role) => (cast[role] = await newStaff(parley, role))),
  ]);
  for (const [name, { plays }] of Object.entries(people)) if (plays) cast[name] = cast[plays];
  cast.none = new Account(parley, 'nobody', '', { user_id: guest.id }, '');
  await ada.call('POST', `/friends/${cast.blocked.id}/block`);
  secret = await ada.privateRoom(bystander);
  const open = { replay: 'none' };
  for (const name of [...plain, ...staff]) sockets[name] = await cast[name].connect(open);
  for (const [name, { plays }] of Object.entries(people)) if (plays) sockets[name] = sockets[plays];
  sockets.bystander = await bystander.connect(open);
  await shutTheDoor();
});
after(() => parley?.stop());

/** Who is refused at the door can change nothing: one room does for all that they try. */
async function shutTheDoor() {
  doorStage = await stage('suspended', [cast.locked]);
  const admin = await newStaff(parley, 'admin');
  for (const [name, flagDelete] of [
    ['suspended', 'not_active'],
    ['locked', 'delete'],
  ]) {
    await admin.call('PATCH', `/admin/users/${cast[name].id}`, { body: { flagDelete } });
    await sockets[name].expectClose(4403);
  }
}

/** A room in which `who` stands as the name says. */
async function stage(who, others = []) {
  if (people[who].atTheDoor && doorStage) return { ...doorStage, subject: cast[who] };
  const subject = cast[who];
  const maker = who === 'creator' ? subject : ada;
  const enters = people[who].enters || people[who].atTheDoor;
  const first = [bystander, ...others, ...(enters && subject !== maker ? [subject] : [])];
  const room = await maker.group('stage', first);
  const present = [sockets.bystander, ...(enters ? [sockets[who]] : [])];
  await Promise.all(present.map((socket) => socket.expectFrame('room_added', { room_id: room })));
  const foreign = (await bystander.post(room, 'from another')).message_id;
  let own = crypto.randomUUID();
  if (enters) {
    own = (await subject.post(room, 'my own')).message_id;
    await subject.call('PUT', reactionPath(foreign, oldReaction));
  }
  if (people[who].goes === 'leaves') await subject.leave(room);
  if (people[who].goes === 'is removed') await maker.remove(room, subject);
  if (people[who].goes === 'is banned') await maker.call('PUT', `/rooms/${room}/bans/${subject.id}`);
  const { last_seq: lastSeq } = await maker.room(room);
  return { room, foreign, own, lastSeq, subject, maker, ada, bystander, guest };
}

/** The same with a room and messages that do not exist. */
const nowhere = (s) => {
  const [room, foreign, own] = Array.from({ length: 3 }, () => crypto.randomUUID());
  return { ...s, room, foreign, own };
};

const withoutIds = (value) =>
  JSON.stringify(value).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID');

async function byRest(operation, who, s) {
  const [method, target, body] = operation.rest(s);
  const { status, body: said, headers } = await s.subject.answerOf(method, target, { body });
  const outcome = status < 300 ? 'ok' : said.code;
  return { outcome, said: withoutIds({ status, said, type: headers['content-type'] }) };
}

async function byFrame(frame, who, s) {
  if (people[who].atTheDoor) return byOpening({}, who, s);
  const id = sockets[who].send(...frame(s));
  const { type, data } = await sockets[who].answerTo(id);
  return { outcome: type === 'ack' ? 'ok' : data.code, said: withoutIds({ type, data }) };
}

async function byOpening(target, who, s) {
  try {
    const socket = await s.subject.connect({ ...target, auth: who === 'none' ? 'none' : 'header' });
    await socket.close();
    return { outcome: 'ok', said: withoutIds(socket.ready.rooms) };
  } catch (error) {
    if (!(error instanceof UpgradeRefused)) throw error;
    return { outcome: error.body.code, said: withoutIds({ status: error.status, said: error.body }) };
  }
}

const attempt = {
  rest: byRest,
  ws: (operation, who, s) => byFrame(operation.ws, who, s),
  bare: (operation, who, s) => byFrame(operation.bare, who, s),
  opens: (operation, who, s) => byOpening({ room: s.room, user: s.subject.id }, who, s),
};

/** What the room's log has had since the stage was set, as who is still in it sees it. */
async function sinceThen({ seenBy }, s) {
  const witness = seenBy === 'bystander' ? s.bystander : s.maker;
  const { last_seq: last } = await witness.room(s.room);
  const { items } = await witness.events(s.room, `?after_seq=${s.lastSeq}`);
  assert.equal(last, s.lastSeq + items.length);
  return items.map(({ type, data }) => [type, data.by ?? data.user_id]);
}

/** What stands of the room beside its events, as its maker sees it. */
async function standing({ stands }, s) {
  if (!stands) return null;
  const [method, target] = stands(s);
  return (await s.maker.call(method, target)).items;
}

/** The open report of the other's message, if there is one. */
async function reportOf(s) {
  const { items } = await cast.moderator.call('GET', '/admin/reports?limit=200');
  return items.find((item) => item.message_id === s.foreign);
}

async function wasDone(operation, who, s, before) {
  const events = operation.event ? [[operation.event, s.subject.id]] : [];
  if (operation.stands) assert.notDeepEqual(await standing(operation, s), before, `nothing stands of what ${who} did`);
  if (operation.files) {
    const { report_id: report } = await reportOf(s);
    await cast.moderator.call('PATCH', `/admin/reports/${report}`, { body: { status: 'dismissed' } });
  }
  assert.deepEqual(await sinceThen(operation, s), events, `what ${who} did`);
  if (operation.signal)
    await sockets.bystander.expectFrame(operation.signal, { room_id: s.room, user_id: s.subject.id });
  if (operation.replays) await sockets[who].untilLive(s.room);
}

async function wasRefused(operation, who, s, before) {
  assert.deepEqual(await sinceThen(operation, s), [], `what ${who} was refused`);
  assert.deepEqual(await standing(operation, s), before, `what ${who} was refused`);
  if (operation.files) assert.equal(await reportOf(s), undefined, `what ${who} was refused`);
  if (operation.signal)
    await sockets.bystander.expectNoFrame(operation.signal, { room_id: s.room, user_id: s.subject.id });
}

async function prepare(operation, s) {
  const [method, target, body] = operation.prepare(s);
  await s.maker.call(method, target, { body });
  s.lastSeq = (await s.maker.room(s.room)).last_seq;
}

async function tryOut({ name, way, operation }, who) {
  const s = await stage(who);
  if (operation.prepare && !people[who].atTheDoor) await prepare(operation, s); // they share their room
  const before = await standing(operation, s);
  const { outcome, said } = await attempt[way](operation, who, s);
  if (outcome === 'ok') {
    await wasDone(operation, who, s, before);
  } else {
    await wasRefused(operation, who, s, before);
    if (!people[who].isInside) {
      const elsewhere = await attempt[way](operation, who, nowhere(s));
      assert.equal(said, elsewhere.said, `${who} can tell from the answer to "${name}" that it exists`);
    }
  }
  return letters[outcome] ?? outcome;
}

const ways = {
  rest: 'by REST',
  ws: 'by WebSocket',
  bare: 'by WebSocket without the room',
  opens: 'at the upgrade',
};
for (const line of lines) {
  test(`who may ${line.name}, ${ways[line.way]}`, async () => {
    const names = Object.keys(people);
    const found = await Promise.all(
      names.map((who, i) => (line.expected[i] === '·' ? '·' : tryOut(line, who))),
    );
    const described = (row) => names.map((who, i) => `${who}: ${row[i]}`);
    assert.deepEqual(described(found), described(line.expected));
  });
}

test("rooms that one is not in are in no list of one's own", async () => {
  for (const who of ['outsider', 'blocked', 'left', 'removed', 'banned', 'moderator', 'admin who left']) {
    const { room } = await stage(who);
    const listed = [];
    for (let cursor = ''; cursor !== null;) {
      const page = await cast[who].call('GET', `/rooms?limit=200${cursor && `&cursor=${cursor}`}`);
      listed.push(...page.items.map((r) => r.room_id));
      cursor = page.next_cursor;
    }
    const socket = await cast[who].connect({ replay: 'none' });
    listed.push(...socket.ready.rooms.map((r) => r.room_id));
    assert.ok(!listed.includes(room), who);
    await socket.close();
  }
});

// --- What outsiders can tell ---

const longText = 'x'.repeat(9000);
const fileUrl = (s) => `/api/v1/files/${s.file}/plan.txt`;
/** Calls that are wrong in some way of their own, or about what stands in some way of its own. */
const probes = [
  (s) => ['GET', `/rooms/${s.room}/messages?limit=0`],
  (s) => ['GET', `/rooms/${s.room}/messages?before_seq=x`],
  (s) => ['GET', `/rooms/${s.room}/messages?after_seq=1000000`],
  (s) => ['GET', `/rooms/${s.room}/events?after_seq=1000000`],
  (s) => ['POST', `/rooms/${s.room}/messages`, {}],
  (s) => ['POST', `/rooms/${s.room}/messages`, { content: longText }],
  (s) => ['POST', `/rooms/${s.room}/messages`, { content: 'an answer', reply_to: s.foreign }],
  (s) => ['POST', `/rooms/${s.home}/messages`, { content: 'an answer', reply_to: s.foreign }],
  (s) => ['POST', `/rooms/${s.room}/read`, { seq: 1_000_000 }],
  (s) => ['POST', `/rooms/${s.room}/read`, { seq: -1 }],
  (s) => ['PATCH', `/rooms/${s.room}`, { name: '' }],
  (s) => ['POST', `/rooms/${s.room}/members`, { user_ids: [] }],
  (s) => ['POST', `/rooms/${s.room}/members`, { user_ids: [s.bystander.id] }],
  (s) => ['POST', `/rooms/${s.room}/members`, { user_ids: [s.subject.id] }],
  (s) => ['POST', `/rooms/${s.room}/members`, { user_ids: [crypto.randomUUID()] }],
  (s) => ['DELETE', `/rooms/${s.room}/members/${s.guest.id}`],
  (s) => ['DELETE', `/rooms/${s.room}/members/${crypto.randomUUID()}`],
  (s) => ['PUT', `/rooms/${s.room}/messages`],
  ...moderationProbes,
  (s) => ['PATCH', `/messages/${s.foreign}`, {}],
  (s) => ['PATCH', `/messages/${s.foreign}`, { content: longText }],
  (s) => ['PATCH', `/messages/${s.gone}`, { content: 'changed' }],
  (s) => ['DELETE', `/messages/${s.gone}`],
  (s) => ['PUT', reactionPath(s.gone, oldReaction)],
  (s) => ['PUT', reactionPath(s.foreign, 'no emoji')],
  (s) => ['DELETE', reactionPath(s.foreign, '🦊')],
  // A private room is neither left nor renamed, but that is not for strangers to know.
  ...[
    (room) => ['GET', `/rooms/${room}`],
    (room) => ['PATCH', `/rooms/${room}`, { name: 'ours' }],
    (room) => ['DELETE', `/rooms/${room}/members/me`],
  ].map((probe) => (s) => probe(s.secret)),
  (s) => ['POST', `/rooms/${s.secret}/members`, { user_ids: [s.subject.id] }],
  (s) => ['DELETE', `/rooms/${s.secret}/members/${ada.id}`],
  (s) => ['POST', `/rooms/${s.secret}/messages`, { content: 'hello, you two' }],
  // A file that a message in the room has.
  (s) => ['GET', `/files/${s.file}/plan.txt`],
  (s) => ['GET', `/files/${s.file}/other.txt`],
  (s) => ['POST', '/files/sign', { file_url: fileUrl(s) }],
  (s) => ['POST', `/rooms/${s.home}/messages`, { file_url: fileUrl(s) }],
  (s) => ['POST', `/rooms/${s.room}/messages`, { file_url: fileUrl(s) }],
];
const frameProbes = [
  (s) => ['send_message', { room_id: s.room }],
  (s) => ['send_message', { room_id: s.room, content: longText }],
  (s) => ['send_message', { room_id: s.room, content: 'an answer', reply_to: s.foreign }],
  (s) => ['send_message', { room_id: s.home, content: 'an answer', reply_to: s.foreign }],
  (s) => ['send_message', { room_id: s.secret, content: 'hello, you two' }],
  (s) => ['send_message', { room_id: s.home, file_url: fileUrl(s) }],
  (s) => ['send_message', { room_id: s.room, file_url: fileUrl(s) }],
  (s) => ['edit_message', { message_id: s.foreign, room_id: s.home, content: 'changed' }],
  (s) => ['edit_message', { message_id: s.foreign }],
  (s) => ['edit_message', { message_id: s.gone, content: 'changed' }],
  (s) => ['delete_message', { message_id: s.foreign, room_id: s.home }],
  (s) => ['delete_message', { message_id: s.foreign, room_id: crypto.randomUUID() }],
  (s) => ['delete_message', { message_id: s.gone }],
  (s) => ['delete_message', { message_id: s.gone, room_id: s.room }],
  (s) => ['reaction', { message_id: s.foreign, room_id: s.home, emoji: oldReaction }],
  (s) => ['reaction', { message_id: s.foreign, emoji: 'no emoji' }],
  (s) => ['reaction', { message_id: s.gone, emoji: oldReaction }],
  (s) => ['reaction', { message_id: s.foreign, emoji: '🦊', action: 'remove' }],
  (s) => ['typing', { room_id: s.secret }],
  (s) => ['read', { room_id: s.room, seq: 1_000_000 }],
  (s) => ['read', { room_id: s.secret, seq: 1 }],
  (s) => ['resume', { rooms: { [s.room]: 1_000_000 } }],
  (s) => ['resume', { rooms: { [s.secret]: 0 } }],
  (s) => ['resume', { rooms: { [s.home]: 0, [s.room]: 0 } }],
];

for (const who of ['outsider', 'blocked', 'left', 'removed', 'banned']) {
  test(`whatever is asked, what is hidden and what does not exist are one: ${who}`, async () => {
    const subject = cast[who];
    const s = { ...(await stage(who)), home: await subject.group('home') };
    for (const what of ['bans', 'mutes'])
      await ada.call('PUT', `/rooms/${s.room}/${what}/${guest.id}`, { body: { seconds: 600 } });
    s.gone = (await bystander.post(s.room, 'soon gone')).message_id;
    await bystander.call('DELETE', `/messages/${s.gone}`);
    const { file_url: url } = await bystander.call('POST', '/files?name=plan.txt', { body: 'a plan', expect: 201 });
    await bystander.post(s.room, undefined, { file_url: url });
    s.file = url.split('/').at(-2);
    s.secret = secret;
    const before = [(await ada.room(s.room)).last_seq, (await ada.room(s.secret)).last_seq];
    const unknown = {
      ...nowhere(s),
      gone: crypto.randomUUID(),
      secret: crypto.randomUUID(),
      file: crypto.randomUUID(),
    };

    for (const probe of probes) {
      const [real, none] = [
        await byRest({ rest: probe }, who, s),
        await byRest({ rest: probe }, who, unknown),
      ];
      assert.notEqual(real.outcome, 'ok', withoutIds(probe(s)));
      assert.equal(real.said, none.said, withoutIds(probe(s)));
    }
    const socket = await subject.connect({ replay: 'none' });
    for (const probe of frameProbes) {
      const said = [];
      for (const at of [s, unknown]) {
        const { type, data } = await socket.answerTo(socket.send(...probe(at), { described: false }));
        assert.equal(type, 'error', withoutIds(probe(s)));
        said.push(withoutIds(data));
      }
      assert.equal(said[0], said[1], withoutIds(probe(s)));
    }
    const doors = [await byOpening({ room: s.secret, user: subject.id }, who, s)];
    for (const user of [bystander.id, crypto.randomUUID()])
      for (const room of [s.room, s.secret, unknown.room])
        doors.push(await byOpening({ room, user }, who, s));
    for (const { outcome } of doors) assert.equal(outcome, 'forbidden');
    assert.equal(new Set(doors.slice(1).map((d) => d.said)).size, 1, 'the door says the same of every room');

    assert.deepEqual([(await ada.room(s.room)).last_seq, (await ada.room(s.secret)).last_seq], before);
    await socket.close();
  });
}

// --- Private rooms ---

test('a private room: what neither of the two may do, what staff may, and what a block ends', async () => {
  const [eve, bob] = await Promise.all(['eve', 'bob'].map((name) => newAccount(parley, name)));
  const room = await eve.privateRoom(bob);
  const [hers, his] = [(await eve.post(room, 'hers')).message_id, (await bob.post(room, 'his')).message_id];
  const asked = async (who, method, target, body) => {
    const { status, body: said } = await who.answerOf(method, target, { body });
    return status < 300 ? 'ok' : said.code;
  };
  const staff = [cast.moderator, cast.admin];
  const { last_seq: before } = await eve.room(room);
  for (const [people, expected] of [
    [[eve, bob], 'conflict'],
    [staff, 'not_found'],
  ]) {
    for (const who of people) {
      assert.equal(await asked(who, 'PATCH', `/rooms/${room}`, { name: 'ours' }), expected);
      assert.equal(await asked(who, 'POST', `/rooms/${room}/members`, { user_ids: [guest.id] }), expected);
      assert.equal(await asked(who, 'DELETE', `/rooms/${room}/members/me`), expected);
    }
  }
  for (const who of staff) {
    assert.equal(await asked(who, 'DELETE', `/rooms/${room}/members/${bob.id}`), 'conflict');
    assert.equal(await asked(who, 'GET', `/rooms/${room}/messages`), 'not_found');
  }
  assert.equal((await eve.room(room)).last_seq, before);
  assert.equal(await asked(cast.moderator, 'DELETE', `/messages/${his}`), 'ok');

  const next = (await bob.post(room, 'his again')).message_id;
  await eve.call('POST', `/friends/${bob.id}/block`);
  for (const [who, own, foreign] of [
    [eve, hers, next],
    [bob, next, hers],
  ]) {
    const { last_seq: stands } = await eve.room(room);
    const socket = await who.connect({ replay: 'none' });
    assert.equal(await asked(who, 'POST', `/rooms/${room}/messages`, { content: 'a word' }), 'forbidden');
    await socket.refused('send_message', { room_id: room, content: 'a word' }, 'forbidden');
    for (const where of [{}, { room_id: room }]) {
      await socket.refused('edit_message', { ...where, message_id: own, content: 'changed' }, 'forbidden');
      await socket.refused('reaction', { ...where, message_id: foreign, emoji: oldReaction }, 'forbidden');
    }
    assert.equal(await asked(who, 'PATCH', `/messages/${own}`, { content: 'changed' }), 'forbidden');
    assert.equal(await asked(who, 'PUT', reactionPath(foreign, oldReaction)), 'forbidden');
    assert.equal((await eve.room(room)).last_seq, stands, 'nothing was written');
    assert.equal(await asked(who, 'GET', `/rooms/${room}/messages`), 'ok');
    await socket.ask('typing', { room_id: room });
    await socket.ask('read', { room_id: room, seq: stands });
    await socket.close();
  }
  // What one has said may always be taken back.
  assert.equal(await asked(eve, 'DELETE', `/messages/${hers}`), 'ok');
  assert.equal(await asked(bob, 'DELETE', `/messages/${next}`), 'ok');
});
