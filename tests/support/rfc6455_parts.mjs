// What the cases of RFC 6455 are made of.
import { opcode } from './raw_socket.mjs';

/** Bytes from hexadecimal digits with blanks between. */
export const hex = (digits) => Buffer.from(digits.replaceAll(' ', ''), 'hex');

/** The text of a Parley ping with that id, padded to a payload of so many bytes. */
export const pingText = (id, size) => {
  const bare = `{"type":"ping","id":${JSON.stringify(id)},"data":{"pad":""}}`;
  if (size === undefined) return `{"type":"ping","id":${JSON.stringify(id)}}`;
  return bare.replace('""}', `"${'x'.repeat(size - Buffer.byteLength(bare))}"}`);
};
export const sound = (name, send, expected = {}) => ({ name, send, ...expected });
export const broken = (name, send, codes = [1002], expected = {}) => ({
  name,
  send,
  close: codes,
  ...expected,
});

/** The payload in so many fragments. */
export function split(payload, pieces, op = opcode.text) {
  const data = Buffer.from(payload);
  const size = Math.ceil(data.length / pieces);
  const count = Math.ceil(data.length / size);
  return Array.from({ length: count }, (_, i) => ({
    op: i === 0 ? op : opcode.continuation,
    fin: i === count - 1,
    payload: data.subarray(i * size, (i + 1) * size),
  }));
}
