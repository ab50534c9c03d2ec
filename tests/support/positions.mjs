// Promise 3 as one connection sees it: each room's durable events by seq, with no hole and no repeat.

import { durableEvents } from './contract.mjs';

const durableTypes = new Set(durableEvents);
const durableCommands = new Set(['send_message', 'edit_message', 'delete_message', 'reaction']);
export const isDurable = (frame) => durableTypes.has(frame.type);

/** Follows the frames of one connection and says what breaks the order. */
export class Positions {
  constructor(replay) {
    this.replay = replay;
    this.rooms = new Map(); // room_id: {seq: the last one given, null when only the server knows; live}
    this.resumes = new Map(); // frame id: its rooms, until its ack
    this.removed = new Set();
  }

  /** Before a resume is sent under that id. */
  resuming(id, rooms) {
    this.resumes.set(id, rooms);
  }

  /** Complaints about one more frame; `command` is the frame that an ack answers. */
  take(frame, command) {
    if (frame.type === 'ready') return this.begin(frame.data);
    if (frame.type === 'ack') return this.acknowledged(frame, command);
    if (frame.type === 'error') return this.refused(frame);
    if (frame.type === 'room_added') return this.added(frame.data);
    if (frame.type === 'room_removed') return this.dropped(frame.data);
    if (frame.type === 'replay_end') return this.ended(frame.data);
    if (isDurable(frame)) return this.event(frame);
    return [];
  }

  begin({ rooms }) {
    for (const room of rooms) {
      const unread = this.replay !== 'none';
      this.rooms.set(room.room_id, { seq: unread ? room.last_read_seq : room.last_seq, live: !unread });
    }
    return [];
  }

  acknowledged(frame, command) {
    if (command?.type === 'resume') return this.resumed(frame.id);
    const { room_id: roomId, seq, duplicate } = frame.data;
    const durable = command === undefined || durableCommands.has(command.type);
    const room = this.rooms.get(roomId);
    if (!durable || duplicate || !room?.live || room.seq === null) return [];
    if (seq === room.seq + 1) room.seq = seq;
    else if (seq > room.seq + 1) return [`ack of seq ${seq} of ${roomId} after ${room.seq}: a hole`];
    else if (command?.type === 'send_message')
      return [`ack of a new message with seq ${seq} after ${room.seq}`];
    return [];
  }

  resumed(id) {
    const wanted = this.resumes.get(id);
    this.resumes.delete(id);
    const rooms =
      wanted === 'unread' ? [...this.rooms.keys()].map((room) => [room, null]) : Object.entries(wanted ?? {});
    for (const [roomId, seq] of rooms)
      if (!this.removed.has(roomId)) this.rooms.set(roomId, { seq, live: false });
    return [];
  }

  refused(frame) {
    this.resumes.delete(frame.id);
    return [];
  }

  added(room) {
    this.removed.delete(room.room_id);
    this.rooms.set(room.room_id, { seq: room.last_seq, live: true });
    return [];
  }

  dropped({ room_id: roomId }) {
    this.removed.add(roomId);
    this.rooms.delete(roomId);
    return [];
  }

  ended({ room_id: roomId, seq, more }) {
    const room = this.rooms.get(roomId);
    if (!room) return [`replay_end of ${roomId}, which is not there`];
    if (room.live) return [`replay_end of ${roomId}, which is live`];
    const last = room.seq ?? seq;
    room.seq = seq;
    room.live = !more;
    return seq === last ? [] : [`replay_end of ${roomId} at ${seq}, but the last event given was ${last}`];
  }

  event(frame) {
    const { room_id: roomId, seq } = frame.data;
    const room = this.rooms.get(roomId);
    if (!room)
      return [
        `${frame.type} of ${roomId} ${this.removed.has(roomId) ? 'after room_removed' : 'before it was added'}`,
      ];
    const last = room.seq ?? seq - 1;
    room.seq = seq;
    return seq === last + 1 ? [] : [`${frame.type} with seq ${seq} of ${roomId} after ${last}`];
  }
}
