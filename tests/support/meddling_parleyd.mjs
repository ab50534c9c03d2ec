#!/usr/bin/env node
// $PARLEYD behind a proxy that is no honest one: of the first three connections that get enough messages one never gets
// its tenth, one gets it twice, and one gets it behind the next message or reaction. What parley-bench is given as --server, to see that
// its counts are not 0 whatever happens. With MEDDLE=errors it leaves messages alone, and each `ready` is followed by an
// error that nobody asked for.
import { spawn } from 'node:child_process';
import net from 'node:net';

const tenth = 10;
const tellsErrors = process.env.MEDDLE === 'errors';
const meddlings = tellsErrors ? [] : ['lose', 'repeat', 'turn round'];

const errorText = Buffer.from('{"type":"error","data":{"code":"internal","message":"Nobody asked."}}');
const errorFrame = Buffer.concat([Buffer.from([0x81, errorText.length]), errorText]);

const args = process.argv.slice(2);
const at = args.findIndex((arg) => arg.startsWith('net.listen='));
const [host, port] = args[at].slice('net.listen='.length).split(':');

/** Calls `onFrame` with each whole frame, and answers what is left. */
function takeFrames(bytes, onFrame) {
  for (;;) {
    if (bytes.length < 2) return bytes;
    const short = bytes[1] & 0x7f;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < header) return bytes;
    const size = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < header + size) return bytes;
    onFrame(bytes.subarray(0, header + size), bytes.subarray(header, header + size));
    bytes = bytes.subarray(header + size);
  }
}

/** A connection's way from the server to its client. */
class Way {
  #held = Buffer.alloc(0);
  #isWebSocket;
  #messages = 0;
  #late; // the tenth, until the next one has gone out

  constructor(socket) {
    this.socket = socket;
  }

  pass(bytes) {
    if (this.#isWebSocket === false) return this.socket.write(bytes);
    this.#held = Buffer.concat([this.#held, bytes]);
    if (this.#isWebSocket === undefined) {
      const end = this.#held.indexOf('\r\n\r\n') + 4;
      if (end < 4) return;
      this.#isWebSocket = this.#held.subarray(0, 12).toString() === 'HTTP/1.1 101';
      const head = this.#isWebSocket ? this.#held.subarray(0, end) : this.#held;
      this.socket.write(head);
      this.#held = this.#held.subarray(head.length);
    }
    const out = [];
    this.#held = takeFrames(this.#held, (frame, payload) => out.push(...this.#through(frame, payload)));
    if (out.length > 0) this.socket.write(Buffer.concat(out));
  }

  #through(frame, payload) {
    const head = payload.subarray(0, 40);
    if (tellsErrors && head.includes('"ready"')) return [frame, errorFrame];
    const isMessage = head.includes('"new_message"');
    if (this.#late && (isMessage || head.includes('"reaction"'))) {
      const late = this.#late;
      this.#late = null;
      if (isMessage) ++this.#messages;
      return [frame, late];
    }
    if (!isMessage || ++this.#messages !== tenth) return [frame];
    switch (meddlings.shift()) {
      case 'lose':
        return [];
      case 'repeat':
        return [frame, frame];
      case 'turn round':
        this.#late = Buffer.from(frame);
        return [];
      default:
        return [frame];
    }
  }
}

const free = net.createServer().listen(0, host, () => {
  const { port: inner } = free.address();
  free.close(() => {
    args[at] = `net.listen=${host}:${inner}`;
    const node = spawn('setpriv', ['--pdeathsig', 'KILL', process.env.PARLEYD, ...args], { stdio: 'inherit' });
    node.on('exit', (code) => process.exit(code ?? 1));
    process.on('SIGTERM', () => node.kill('SIGTERM'));
    const proxy = net.createServer((client) => {
      const server = net.connect(inner, host);
      const way = new Way(client);
      server.on('end', () => client.end());
      server.on('data', (bytes) => way.pass(bytes));
      client.on('data', (bytes) => server.write(bytes));
      client.on('close', () => server.destroy());
      client.on('error', () => server.destroy());
      server.on('error', () => client.destroy());
    });
    const listenOnce = () =>
      net
        .connect(inner, host)
        .on('connect', function () {
          this.destroy();
          proxy.listen(Number(port), host);
        })
        .on('error', () => setTimeout(listenOnce, 10));
    listenOnce();
  });
});
