// A wire that can be cut, as a phone's is in a tunnel.
import { once } from 'node:events';
import net from 'node:net';

/** Between a client and its server. */
export class Wire {
  #server;
  #target;
  #sockets = new Set();
  #cut = false;

  /** @param {number} target the server's port on 127.0.0.1 */
  static async to(target) {
    const wire = new Wire();
    wire.#target = target;
    wire.#server = net.createServer((socket) => wire.#onConnection(socket)).listen(0, '127.0.0.1');
    await once(wire.#server, 'listening');
    wire.port = wire.#server.address().port;
    wire.url = `http://127.0.0.1:${wire.port}`;
    return wire;
  }

  #onConnection(socket) {
    if (this.#cut) {
      socket.resetAndDestroy();
      return;
    }
    const upstream = net.connect(this.#target, '127.0.0.1');
    for (const [one, other] of [
      [socket, upstream],
      [upstream, socket],
    ]) {
      this.#sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  /** Drops every connection, and refuses new ones until `mend`. */
  cut() {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() {
    this.#cut = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }
}
