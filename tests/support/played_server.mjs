// The JavaScript client against a server that the test plays.
import { ParleyClient } from '../../web/parley-client.js';
import { FakeServer, within } from './fake_websocket.mjs';

export const me = { user_id: 'me', username: 'me', display_name: 'Me', img_url: null, role: 'user' };
export const room = (room_id, last_seq, last_read_seq = 0) => ({
  room_id,
  name: room_id,
  is_group: true,
  peer: null,
  last_seq,
  last_read_seq,
  unread: 0,
});
export const message = (room_id, seq, more = {}) => ({
  room_id,
  seq,
  message_id: `${room_id}-${seq}`,
  user_id: 'other',
  display_name: 'Other',
  content: `text ${seq}`,
  file_url: null,
  reply_to: null,
  client_msg_id: null,
  created_at: '2026-11-22T09:30:00.123Z',
  ...more,
});

export const stored = (entry) => within(entry.stored, 'the ack of a message');

/** A client, its server, and what the application was told: seqs by room, and everything by type. */
export function setUp(t, options = {}) {
  const server = new FakeServer();
  const rest = {
    url: 'http://parley.test',
    token: 'T',
    me: async () => me,
    room: async (id) => room(id, 0),
    ...options.rest,
  };
  const client = new ParleyClient({
    WebSocket: server.WebSocket,
    backoffBaseMs: 1,
    backoffMaxMs: 4,
    ...options,
    rest,
  });
  t.after(() => client.close());
  const seen = [];
  for (const type of [
    'new_message',
    'reaction',
    'message_edited',
    'message_deleted',
    'member_joined',
    'member_muted',
    'slow_mode_changed',
    'reset',
    'state',
    'outbox',
    'unread',
    'replay_end',
    'room_added',
  ]) {
    client.on(type, (data) => seen.push({ type, data: { ...data } }));
  }
  const of = (type) => seen.filter((event) => event.type === type).map((event) => event.data);
  const seqs = (roomId) =>
    seen
      .filter(
        ({ type, data }) =>
          data.seq !== undefined &&
          data.room_id === roomId &&
          !['replay_end', 'unread', 'room_added', 'outbox'].includes(type),
      )
      .map(({ data }) => data.seq);
  return { server, client, of, seqs };
}

export function ready(socket, ...rooms) {
  socket.say('ready', {
    session_id: 's',
    user: me,
    server_time: '2026-11-22T09:30:00.123Z',
    heartbeat_ms: 30_000,
    rooms,
  });
}

/** A client that is online with rooms which have nothing to replay. */
export async function online(t, rooms, options) {
  const all = setUp(t, options);
  all.client.connect();
  const socket = await all.server.connection();
  ready(socket, ...rooms);
  for (const { room_id, last_seq } of rooms)
    socket.say('replay_end', { room_id, seq: last_seq, more: false });
  return { ...all, socket };
}

/** Ends the connection and answers the `ready` of the next one. */
export async function reconnect({ server }, socket, rooms, code = 1006) {
  socket.end(code);
  const next = await server.connection();
  ready(next, ...rooms);
  return next;
}
