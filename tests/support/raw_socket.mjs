// A WebSocket client that builds its frames byte by byte, so that it can send what no library would.
import crypto from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { closeComplaints, refusalComplaints } from './contract.mjs';
import { deadlineMs } from './parleyd.mjs';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

/** Payload length in the given form (7, 16 or 64 bits; the shortest by default), or a bare `declared` length. */
function lengthBytes(length, form, maskBit) {
  const bits = form ?? (length < 126 ? 7 : length < 65536 ? 16 : 64);
  if (bits === 7) return Buffer.from([maskBit | Number(length)]);
  const size = bits / 8;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = maskBit | (bits === 16 ? 126 : 127);
  if (bits === 16) bytes.writeUInt16BE(Number(length), 1);
  else bytes.writeBigUInt64BE(BigInt(length), 1);
  return bytes;
}

/**
 * The bytes of one frame. payload: text or bytes; op; fin; rsv: 0 to 7; mask: four bytes, or null for none;
 * form: 7, 16 or 64; declared: the length to claim instead of the real one.
 */
export function frame({
  payload = '',
  op = opcode.text,
  fin = true,
  rsv = 0,
  mask = crypto.randomBytes(4),
  form,
  declared,
} = {}) {
  const data = Buffer.from(payload);
  const first = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | op]);
  const length = lengthBytes(declared ?? data.length, form, mask ? 0x80 : 0);
  if (!mask) return Buffer.concat([first, length, data]);
  const masked = Buffer.from(data);
  for (let i = 0; i < masked.length; i += 1) masked[i] ^= mask[i % 4];
  return Buffer.concat([first, length, mask, masked]);
}

/** A close frame's payload. */
export function closePayload(code, reason = '') {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(code);
  return Buffer.concat([head, Buffer.from(reason)]);
}

export class RawSocket {
  /** Connects by TCP, or by TLS when the node speaks it. */
  static open(node) {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: node.port };
      const socket = node.tls ? tls.connect({ ...options, ca: node.tls.ca }) : net.connect(options);
      socket.once(node.tls ? 'secureConnect' : 'connect', () => {
        socket.off('error', reject);
        resolve(new RawSocket(socket));
      });
      socket.once('error', reject);
    });
  }

  /** Connects, upgrades, and reads the `ready` frame. */
  static async upgraded(node, { path = '/ws?replay=none', token } = {}) {
    const raw = await RawSocket.open(node);
    const answer = await raw.upgrade(path, token ? { Authorization: `Bearer ${token}` } : {});
    if (answer.status !== 101) throw new Error(`the upgrade was refused: ${answer.status} ${answer.body}`);
    const ready = await raw.readFrame();
    if (JSON.parse(ready.payload.toString()).type !== 'ready')
      throw new Error('the first frame is not ready');
    return raw;
  }

  constructor(socket) {
    this.socket = socket;
    this.buffer = Buffer.alloc(0);
    this.over = false;
    this.wake = () => {};
    socket.setNoDelay(true);
    socket.on('data', (data) => {
      this.buffer = Buffer.concat([this.buffer, data]);
      this.wake();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.over = true;
        this.wake();
      });
    }
  }

  write(...parts) {
    if (!this.socket.destroyed && this.socket.writable)
      this.socket.write(Buffer.concat(parts.map((p) => Buffer.from(p))));
  }

  /** Writes in pieces of `size` bytes, each in a segment of its own. */
  async writeChopped(bytes, size) {
    for (let at = 0; at < bytes.length; at += size) {
      this.write(bytes.subarray(at, at + size));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Waits until `take` (given the buffered bytes) answers something, or null once the connection is over. */
  async #next(take, what) {
    const end = Date.now() + deadlineMs;
    for (;;) {
      const value = take();
      if (value) return value;
      if (this.over) return null;
      const left = end - Date.now();
      if (left <= 0) throw new Error(`it never came: ${what}; ${this.buffer.length} bytes wait`);
      await new Promise((resolve) => {
        const late = setTimeout(resolve, left);
        this.wake = () => (clearTimeout(late), resolve());
      });
    }
  }

  #cut(length) {
    const part = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return part;
  }

  /** One HTTP answer {status, headers, body}; null when the connection ended without one. Refusals must be described. */
  async readHttp() {
    const answer = await this.#next(() => this.#takeHttp(), 'an HTTP answer');
    if (answer?.status >= 400) {
      const parsed = { ...answer, text: answer.body, body: JSON.parse(answer.body) };
      const wrong = refusalComplaints(parsed);
      if (wrong.length > 0) throw new Error(`${answer.status} ${answer.body}\n  ${wrong.join('\n  ')}`);
    }
    return answer;
  }

  #takeHttp() {
    const end = this.buffer.indexOf('\r\n\r\n');
    if (end < 0) return null;
    const [first, ...lines] = this.buffer.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      lines.map((l) => [l.split(':')[0].toLowerCase(), l.slice(l.indexOf(':') + 1).trim()]),
    );
    const length = Number(headers['content-length'] ?? 0);
    if (this.buffer.length < end + 4 + length) return null;
    this.#cut(end + 4);
    return { status: Number(first.split(' ')[1]), headers, body: this.#cut(length).toString() };
  }

  upgrade(path, headers = {}) {
    const all = {
      Host: `127.0.0.1:${this.socket.remotePort}`,
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Key': crypto.randomBytes(16).toString('base64'),
      'Sec-WebSocket-Version': '13',
      ...headers,
    };
    const lines = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${value}`);
    this.write(`GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    return this.readHttp();
  }

  /** One frame from the server {fin, rsv, op, masked, payload}; null when the connection is over. */
  readFrame() {
    return this.#next(() => {
      const b = this.buffer;
      if (b.length < 2) return null;
      const short = b[1] & 0x7f;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (b.length < head) return null;
      const length = short < 126 ? short : short === 126 ? b.readUInt16BE(2) : Number(b.readBigUInt64BE(2));
      if (b.length < head + length) return null;
      const header = this.#cut(head);
      const payload = Buffer.from(this.#cut(length));
      return {
        fin: header[0] >= 0x80,
        rsv: (header[0] >> 4) & 7,
        op: header[0] & 15,
        masked: header[1] >= 0x80,
        payload,
      };
    }, 'a frame');
  }

  /** All frames until the connection is over. A close frame is answered, as section 5.5.1 of RFC 6455 asks. */
  async readToEnd() {
    const frames = [];
    for (;;) {
      const next = await this.readFrame();
      if (!next) return frames;
      frames.push(next);
      if (next.op === opcode.close) this.write(frame({ op: opcode.close, payload: next.payload }));
    }
  }

  /** The code of the close frame that ends the connection; null when it just ended. */
  async closeCode() {
    const close = (await this.readToEnd()).find((f) => f.op === opcode.close);
    if (!close || close.payload.length < 2) return null;
    const code = close.payload.readUInt16BE(0);
    const wrong = closeComplaints(code);
    if (wrong.length > 0) throw new Error(`closed with ${code}: ${wrong.join('; ')}`);
    return code;
  }

  destroy() {
    this.socket.destroy();
  }
}
