/**
 * @file One room's place in its event log: takes events in any shape they come and gives them out by seq,
 * once.
 */

/** The events that have a seq of their room. */
export const DURABLE_EVENTS = Object.freeze([
  'new_message',
  'message_edited',
  'message_deleted',
  'reaction',
  'member_joined',
  'member_left',
  'room_renamed',
  'member_muted',
  'slow_mode_changed',
]);

/** How many own events may wait for the ones before them; past that, a replay brings them anyway. */
const MAX_HELD_EVENTS = 256;
/** How often a replay may end short of what it promised before the cursor jumps. */
const MAX_SHORT_REPLAYS = 3;

/**
 * `live`: events come as they happen. `resuming`: a resume was sent and not yet acknowledged, what comes may
 * be of before or after it. `replaying`: the server is sending what was missed, up to `replay_end`.
 * @typedef {'live' | 'resuming' | 'replaying'} CursorMode
 * @typedef {{type: string, data: {room_id: string, seq: number}}} DurableFrame
 */

export class RoomCursor {
  /**
   * Own events whose ack came before the events in front of them, by seq.
   * @type {Map<number, DurableFrame>}
   */
  #held = new Map();
  #resumes = 0;
  #shortReplays = 0;

  /** @param {number} position the last seq that the application has @param {CursorMode} mode */
  constructor(position, mode) {
    this.position = position;
    this.mode = mode;
  }

  /**
   * Takes one durable event.
   * @param {DurableFrame} frame
   * @param {boolean} own made from the ack of one's own frame: the server will not send it as an event while
   *   live
   * @returns {{deliver: DurableFrame[], gap: boolean}} what the application gets now, and whether a resume
   *   is due
   */
  offer(frame, own = false) {
    const { seq } = frame.data;
    if (seq <= this.position) return { deliver: [], gap: false };
    if (seq > this.position + 1) {
      if (own && this.#held.size < MAX_HELD_EVENTS) this.#held.set(seq, frame);
      return { deliver: [], gap: this.mode === 'live' };
    }
    const deliver = [frame];
    this.position = seq;
    for (let next; (next = this.#held.get(this.position + 1)); this.position += 1) deliver.push(next);
    for (const heldSeq of this.#held.keys()) {
      if (heldSeq <= this.position) this.#held.delete(heldSeq);
    }
    return { deliver, gap: false };
  }

  /**
   * A resume from `position` is being sent.
   * @returns {number} what `resumeAcknowledged` wants to see again
   */
  beginResume() {
    this.mode = 'resuming';
    this.#resumes += 1;
    return this.#resumes;
  }

  /** Whether this resume is the latest one and has no answer yet. */
  isResuming(resume) {
    return this.mode === 'resuming' && resume === this.#resumes;
  }

  /** The ack of a resume came: from here on everything follows strictly from the position. */
  resumeAcknowledged(resume) {
    if (this.isResuming(resume)) this.mode = 'replaying';
  }

  /**
   * Takes a `replay_end`.
   * @param {number} seq
   * @param {boolean} more
   * @returns {'ignore' | 'resume' | 'live' | 'jumped'} `ignore`: it ends a replay that a newer resume
   *   replaced; `jumped`: the server could not give the events up to `seq`, the application must read history
   *   anew
   */
  replayEnded(seq, more) {
    if (this.mode !== 'replaying') return 'ignore';
    if (this.position < seq) {
      this.#shortReplays += 1;
      if (this.#shortReplays < MAX_SHORT_REPLAYS) return 'resume';
      this.jumpTo(seq);
      return 'jumped';
    }
    this.#shortReplays = 0;
    if (more) return 'resume';
    this.mode = 'live';
    return 'live';
  }

  /** Gives up what lies before `position`. */
  jumpTo(position) {
    this.position = position;
    this.mode = 'live';
    this.#held.clear();
    this.#shortReplays = 0;
  }
}
