// Judges a run of senders and receivers in one room: lost, duplicated, reordered, holes, seen but not stored.
import { isDeepStrictEqual } from 'node:util';

/**
 * Tell it what was attempted and acknowledged (by client_msg_id), what is stored in the end, and what each receiver
 * saw in order of arrival; then ask for the verdict.
 */
export class Checker {
  #attempted = new Set();
  #acknowledged = new Map(); // key: the ack's data
  #stored = [];
  #receivers = new Map(); // name: {seqs, lost, reordered, repeated, notStored}

  /** What a run without fault looks like. */
  static clean(messages) {
    return {
      attempted: messages,
      acknowledged: messages,
      lost: 0,
      duplicated: 0,
      reordered: 0,
      holes: 0,
      seenButNotStored: 0,
    };
  }

  attempted(key) {
    this.#attempted.add(key);
  }
  acknowledged(key, ack) {
    this.#acknowledged.set(key, ack);
  }
  /** The room's new_message frames as the store has them in the end. */
  stored(frames) {
    this.#stored = frames;
  }

  /** What one receiver saw, in order of arrival; `log` is the room's whole log of frames. */
  seen(name, frames, log) {
    const bySeq = new Map(log.map((f) => [f.data.seq, f]));
    const seqs = frames.map((f) => f.data.seq);
    this.#receivers.set(name, {
      seqs,
      reordered: seqs.filter((seq, i) => i > 0 && seq < seqs[i - 1]).length,
      repeated: seqs.length - new Set(seqs).size,
      notStored: frames.filter((f) => !isDeepStrictEqual(bySeq.get(f.data.seq), f)).length,
    });
  }

  /** The stretches that a receiver missed between its first and its last event: [after, before]. */
  holes(name) {
    const { seqs } = this.#receivers.get(name);
    return seqs.slice(1).flatMap((seq, i) => (seq > seqs[i] + 1 ? [[seqs[i], seq]] : []));
  }

  /** Counts of each fault; receivers in `mayMiss` were away for a while and may have holes. */
  verdict({ mayMiss = [] } = {}) {
    const storedKeys = this.#stored.map((f) => f.data.client_msg_id);
    const kept = new Map(this.#stored.map((f) => [f.data.client_msg_id, f.data]));
    const lost = [...this.#acknowledged].filter(([key, ack]) => {
      const message = kept.get(key);
      return !message || message.seq !== ack.seq || message.message_id !== ack.message_id;
    });
    const receivers = [...this.#receivers];
    const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
    return {
      attempted: this.#attempted.size,
      acknowledged: this.#acknowledged.size,
      lost: lost.length,
      duplicated: storedKeys.length - new Set(storedKeys).size + sum(receivers.map(([, r]) => r.repeated)),
      reordered: sum(receivers.map(([, r]) => r.reordered)),
      holes: sum(
        receivers.filter(([name]) => !mayMiss.includes(name)).map(([name]) => this.holes(name).length),
      ),
      seenButNotStored: sum(receivers.map(([, r]) => r.notStored)),
    };
  }
}
