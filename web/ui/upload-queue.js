/**
 * @file Files on their way to the server, one after another, and from there into their rooms. They go on
 * while another room is open. No document.
 */

/** How the server says what size it takes. */
const SIZE_LIMIT = /^file: at most (\d+) bytes/;

/**
 * `waiting`: for its turn. `uploading`. `uploaded`: the server has it; it is sent once the user has said so.
 * `failed`: see `error`; `retry` or `remove` it.
 * @typedef {'waiting' | 'uploading' | 'uploaded' | 'failed'} UploadStatus
 *
 * @typedef {object} Upload
 * @property {string} room_id
 * @property {File} file
 * @property {UploadStatus} status
 * @property {number} done the part that has arrived, 0 to 1
 * @property {?import('../parley-client.js').ParleyError} error
 * @property {?string} file_url
 * @property {?{content: ?string, reply_to: ?string}} message null until the user has sent it
 */

/** Events, with the upload as detail: `change`, and `progress` while one goes on. */
export class UploadQueue extends EventTarget {
  /** @type {Upload[]} */
  #uploads = [];
  #upload;
  #send;
  /** Ends the one that is under way. @type {?AbortController} */
  #current = null;
  /** A size that the server has refused for its size, with its words. */
  #refusedSize = { bytes: Infinity, error: null };
  #closed = false;

  /**
   * @param {object} options
   * @param {(file: File, more: {onProgress: Function, signal: AbortSignal}) => Promise<{file_url: string}>}
   *   options.upload
   * @param {(roomId: string, message: object) => void} options.send
   */
  constructor({ upload, send }) {
    super();
    this.#upload = upload;
    this.#send = send;
  }

  /** @returns {Upload[]} a room's uploads that are no messages yet */
  of(roomId) {
    return this.#uploads.filter((each) => each.room_id === roomId);
  }

  /** Whether something would be lost with the page. */
  get hasAny() {
    return this.#uploads.length > 0;
  }

  /** @param {Iterable<File>} files */
  add(roomId, files) {
    for (const file of files) {
      const upload = { room_id: roomId, file, file_url: null, message: null };
      this.#uploads.push(upload);
      this.#begin(upload);
    }
    this.#next();
  }

  /**
   * The user sends what waits in a room, as soon as it is uploaded; the text goes with the first.
   * @param {{content: ?string, reply_to: ?string}} message
   * @returns {boolean} whether there was something to send it with
   */
  sendAll(roomId, message) {
    const ready = this.of(roomId).filter(isUnsent);
    ready.forEach((each, index) => {
      each.message = index === 0 ? message : { content: null, reply_to: null };
      if (each.status === 'uploaded') this.#sendOff(each);
      else this.#changed(each);
    });
    return ready.length > 0;
  }

  /** Once more, at the end of the queue. */
  retry(upload) {
    if (upload.status !== 'failed') return;
    this.#forget(upload);
    this.#uploads.push(upload);
    this.#begin(upload);
    this.#next();
  }

  /**
   * Gives up an upload.
   * @returns {?{content: ?string, reply_to: ?string}} what now goes with no file, or null
   */
  remove(upload) {
    if (!this.#forget(upload)) return null;
    if (upload.status === 'uploading') this.#current.abort();
    this.#changed(upload);
    const left = upload.message?.content ? upload.message : null;
    const heir = left && this.of(upload.room_id).find(mayTakeText);
    if (!heir) return left;
    heir.message = left;
    return null;
  }

  forgetRoom(roomId) {
    for (const each of this.of(roomId)) this.remove(each);
  }

  close() {
    this.#closed = true;
    this.#current?.abort();
    this.#uploads = [];
  }

  #begin(upload) {
    const tooLarge = upload.file.size >= this.#refusedSize.bytes;
    Object.assign(upload, {
      status: tooLarge ? 'failed' : 'waiting',
      error: tooLarge ? this.#refusedSize.error : null,
      done: 0,
    });
    this.#changed(upload);
  }

  #forget(upload) {
    const index = this.#uploads.indexOf(upload);
    if (index >= 0) this.#uploads.splice(index, 1);
    return index >= 0;
  }

  #changed(upload, type = 'change') {
    if (!this.#closed) this.dispatchEvent(new CustomEvent(type, { detail: upload }));
  }

  async #next() {
    const upload = this.#uploads.find((each) => each.status === 'waiting');
    if (this.#current || !upload) return;
    const current = new AbortController();
    this.#current = current;
    upload.status = 'uploading';
    this.#changed(upload);
    try {
      const onProgress = ({ loaded, total }) => {
        upload.done = total > 0 ? loaded / total : 0;
        this.#changed(upload, 'progress');
      };
      const { file_url } = await this.#upload(upload.file, { onProgress, signal: current.signal });
      Object.assign(upload, { status: 'uploaded', done: 1, file_url });
    } catch (error) {
      Object.assign(upload, { status: 'failed', error });
      this.#learnLimit(error);
    }
    this.#current = null;
    if (this.#uploads.includes(upload)) {
      if (upload.status === 'uploaded' && upload.message) this.#sendOff(upload);
      else this.#changed(upload);
    }
    this.#next();
  }

  /** What is larger than the server takes need not be sent there first to be told so. */
  #learnLimit(error) {
    const limit = error.code === 'too_large' && SIZE_LIMIT.exec(error.message);
    if (limit) this.#refusedSize = { bytes: Number(limit[1]) + 1, error };
  }

  #sendOff(upload) {
    this.#forget(upload);
    this.#send(upload.room_id, { ...upload.message, file_url: upload.file_url });
    this.#changed(upload);
  }
}

/** Of what the user has sent already, one that has no text of its own. */
function mayTakeText({ message, status }) {
  return message !== null && message.content === null && status !== 'failed';
}

/** What the next press on "send" takes along. */
export function isUnsent({ message, status }) {
  return message === null && status !== 'failed';
}
