// Who may do what, as the contract has it, and how each operation is asked for. Written from the protocol alone: the
// node's own table must come to the same.

/** Everybody who may come to a room. Staff stand to it in three ways: never in it, gone from it, in it. */
export const people = {
  none: { atTheDoor: true }, // no token
  suspended: { atTheDoor: true },
  locked: { atTheDoor: true },
  outsider: {},
  blocked: {}, // an outsider whom the room's creator has blocked
  left: { enters: true, goes: 'leaves' },
  removed: { enters: true, goes: 'is removed' },
  banned: { enters: true, goes: 'is banned' },
  member: { enters: true, isInside: true },
  creator: { enters: true, isInside: true },
  moderator: { plays: 'moderator' },
  'moderator who left': { plays: 'moderator', enters: true, goes: 'leaves' },
  'moderator inside': { plays: 'moderator', enters: true, isInside: true },
  admin: { plays: 'admin' },
  'admin who left': { plays: 'admin', enters: true, goes: 'leaves' },
  'admin inside': { plays: 'admin', enters: true, isInside: true },
};

/** + done, F forbidden, N not found, U unauthenticated, · does not arise. */
export const letters = { ok: '+', forbidden: 'F', not_found: 'N', unauthenticated: 'U' };

//              none, suspended, locked
//              |     outsider, blocked, left, removed, banned
//              |     |           member, creator
//              |     |           |    moderator: outside, left, inside
//              |     |           |    |      admin: outside, left, inside
const members = 'U U U  N N N N N  + +  N N +  N N +';
const moderators = 'U U U  N N N N N  F +  + + +  + + +';
const table = {
  'read the room': members,
  'list its members': members,
  'read its history': members,
  'read its events': members,
  send: members,
  'edit an own message': 'U U U  · · N N N  + +  · N +  · N +',
  "edit another's message": 'U U U  N N N N N  F F  N N F  N N F',
  'delete an own message': 'U U U  · · N N N  + +  · + +  · + +',
  "delete another's message": 'U U U  N N N N N  F F  + + +  + + +',
  react: members,
  'take a reaction back': members,
  invite: members,
  'remove a member': 'U U U  N N N N N  F +  + + +  + + +',
  leave: members,
  'leave by the own id': members,
  rename: 'U U U  N N N N N  F +  N N +  N N +',
  'ban a member': moderators,
  'ban a stranger': moderators,
  'lift a ban': moderators,
  'list bans': moderators,
  'mute a member': moderators,
  'mute a stranger': moderators,
  'lift a mute': moderators,
  'list mutes': moderators,
  'set slow mode': moderators,
  'report a message': members,
  'mark as read': members,
  type: members,
  resume: members,
  "open the room's own socket": 'U U U  F F F F F  + +  F F +  F F +',
};

/** What everybody who was ever in the room has put to another's message. */
export const oldReaction = '👍';
export const reactionPath = (message, emoji) => `/messages/${message}/reactions/${encodeURIComponent(emoji)}`;

// `stage` names a room, a message of another's and one of one's own in it, a member to remove and a guest to invite.
// rest: method, path, body; ws: type and data; bare: the same without the room, so that the node must look it up.
// stands: what is not in the room's events and changes when it is done; prepare: what the room's maker does before;
// files: a report of another's message.
const operations = {
  'read the room': { rest: (s) => ['GET', `/rooms/${s.room}`] },
  'list its members': { rest: (s) => ['GET', `/rooms/${s.room}/members`] },
  'read its history': { rest: (s) => ['GET', `/rooms/${s.room}/messages`] },
  'read its events': { rest: (s) => ['GET', `/rooms/${s.room}/events`] },
  send: {
    rest: (s) => ['POST', `/rooms/${s.room}/messages`, { content: 'a word' }],
    ws: (s) => ['send_message', { room_id: s.room, content: 'a word' }],
    event: 'new_message',
  },
  ...onMessage('edit an own message', 'own', edit),
  ...onMessage("edit another's message", 'foreign', edit),
  ...onMessage('delete an own message', 'own', erase),
  ...onMessage("delete another's message", 'foreign', erase),
  ...onMessage('react', 'foreign', react('PUT', 'add', '🎉')),
  ...onMessage('take a reaction back', 'foreign', react('DELETE', 'remove', oldReaction)),
  invite: {
    rest: (s) => ['POST', `/rooms/${s.room}/members`, { user_ids: [s.guest.id] }],
    event: 'member_joined',
  },
  'remove a member': {
    rest: (s) => ['DELETE', `/rooms/${s.room}/members/${s.bystander.id}`],
    event: 'member_left',
  },
  leave: {
    rest: (s) => ['DELETE', `/rooms/${s.room}/members/me`],
    event: 'member_left',
    seenBy: 'bystander',
  },
  'leave by the own id': {
    rest: (s) => ['DELETE', `/rooms/${s.room}/members/${s.subject.id}`],
    event: 'member_left',
    seenBy: 'bystander',
  },
  rename: { rest: (s) => ['PATCH', `/rooms/${s.room}`, { name: 'another name' }], event: 'room_renamed' },
  'ban a member': {
    rest: (s) => ['PUT', `/rooms/${s.room}/bans/${s.bystander.id}`, {}],
    event: 'member_left',
    stands: bansOf,
  },
  'ban a stranger': { rest: (s) => ['PUT', `/rooms/${s.room}/bans/${s.guest.id}`, {}], stands: bansOf },
  'lift a ban': {
    prepare: (s) => ['PUT', `/rooms/${s.room}/bans/${s.guest.id}`, {}],
    rest: (s) => ['DELETE', `/rooms/${s.room}/bans/${s.guest.id}`],
    stands: bansOf,
  },
  'list bans': { rest: (s) => ['GET', `/rooms/${s.room}/bans`] },
  'mute a member': {
    rest: (s) => ['PUT', `/rooms/${s.room}/mutes/${s.bystander.id}`, { seconds: 600 }],
    event: 'member_muted',
    stands: mutesOf,
  },
  'mute a stranger': {
    rest: (s) => ['PUT', `/rooms/${s.room}/mutes/${s.guest.id}`, { seconds: 600 }],
    stands: mutesOf,
  },
  'lift a mute': {
    prepare: (s) => ['PUT', `/rooms/${s.room}/mutes/${s.bystander.id}`, { seconds: 600 }],
    rest: (s) => ['DELETE', `/rooms/${s.room}/mutes/${s.bystander.id}`],
    event: 'member_muted',
    stands: mutesOf,
  },
  'list mutes': { rest: (s) => ['GET', `/rooms/${s.room}/mutes`] },
  'set slow mode': {
    rest: (s) => ['PUT', `/rooms/${s.room}/slow-mode`, { seconds: 30 }],
    event: 'slow_mode_changed',
  },
  'report a message': {
    rest: (s) => ['POST', `/messages/${s.foreign}/reports`, { reason: 'spam' }],
    files: true,
  },
  'mark as read': {
    rest: (s) => ['POST', `/rooms/${s.room}/read`, { seq: s.lastSeq }],
    ws: (s) => ['read', { room_id: s.room, seq: s.lastSeq }],
    signal: 'read',
  },
  type: { ws: (s) => ['typing', { room_id: s.room }], signal: 'typing' },
  resume: { ws: (s) => ['resume', { rooms: { [s.room]: 0 } }], replays: true },
  "open the room's own socket": { opens: true },
};

function bansOf(s) {
  return ['GET', `/rooms/${s.room}/bans`];
}
function mutesOf(s) {
  return ['GET', `/rooms/${s.room}/mutes`];
}
function edit(message) {
  return {
    rest: ['PATCH', `/messages/${message}`, { content: 'changed' }],
    ws: ['edit_message', { message_id: message, content: 'changed' }],
    event: 'message_edited',
  };
}
function erase(message) {
  return {
    rest: ['DELETE', `/messages/${message}`],
    ws: ['delete_message', { message_id: message }],
    event: 'message_deleted',
  };
}
function react(method, action, emoji) {
  return (message) => ({
    rest: [method, reactionPath(message, emoji)],
    ws: ['reaction', { message_id: message, emoji, action }],
    event: 'reaction',
  });
}
function onMessage(name, which, how) {
  const frame = (s) => how(s[which]).ws;
  return {
    [name]: {
      rest: (s) => how(s[which]).rest,
      ws: (s) => [frame(s)[0], { room_id: s.room, ...frame(s)[1] }],
      bare: frame,
      event: how('').event,
    },
  };
}

/** The lines of the matrix: an operation by one way in, and what everybody is answered. */
export const lines = Object.entries(operations).flatMap(([name, operation]) =>
  ['rest', 'ws', 'bare', 'opens']
    .filter((way) => way in operation)
    .map((way) => ({ name, way, operation, expected: table[name].split(/ +/) })),
);

/** Moderation of members, of oneself, of strangers, of nobody; well and badly asked for. `secret` is a private room. */
export const moderationProbes = [
  ...['bans', 'mutes'].flatMap((what) => [
    (s) => ['GET', `/rooms/${s.room}/${what}`],
    (s) => ['GET', `/rooms/${s.room}/${what}?limit=0`],
    (s) => ['GET', `/rooms/${s.room}/${what}?cursor=x`],
    (s) => ['POST', `/rooms/${s.room}/${what}`, {}],
    (s) => ['GET', `/rooms/${s.secret}/${what}`],
    (s) => ['PUT', `/rooms/${s.secret}/${what}/${s.ada.id}`, { seconds: 60 }],
    (s) => ['DELETE', `/rooms/${s.secret}/${what}/${s.ada.id}`],
    ...[(s) => s.bystander, (s) => s.subject, (s) => s.guest, () => ({ id: crypto.randomUUID() })].flatMap((whom) => [
      (s) => ['DELETE', `/rooms/${s.room}/${what}/${whom(s).id}`],
      ...[{ seconds: 60 }, { seconds: 60, remove_messages: true }, { seconds: 60, reason: 5 }, { seconds: 0 }].map(
        (body) => (s) => ['PUT', `/rooms/${s.room}/${what}/${whom(s).id}`, body],
      ),
    ]),
  ]),
  ...[30, 0, -1, 'x'].flatMap((seconds) => [
    (s) => ['PUT', `/rooms/${s.room}/slow-mode`, { seconds }],
    (s) => ['PUT', `/rooms/${s.secret}/slow-mode`, { seconds }],
  ]),
  (s) => ['GET', `/rooms/${s.room}/slow-mode`],
  ...[{ reason: 'spam' }, { reason: 'x' }, {}, { reason: 'spam', comment: 'x'.repeat(9000) }].flatMap((body) =>
    ['foreign', 'own', 'gone'].map((which) => (s) => ['POST', `/messages/${s[which]}/reports`, body]),
  ),
];
