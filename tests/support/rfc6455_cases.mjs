// RFC 6455 as data: what a client sends after the upgrade, and what must come back.
//
// A case is {name, send, ids?, errors?, pongs?, close?, chop?}. `send` is a list of frames (options of frame() in
// raw_socket.mjs, or bytes). `ids` are the ids of acks in order, `errors` counts error frames, `pongs` are the payloads
// of pongs in order. `close` lists the codes of which the server must send one; without it the connection must be
// sound to the end, which the runner shows by closing it with 1000. `chop` writes in pieces of that many bytes.
//
// The id of a Parley ping comes back in its ack, so that it serves as an echo of text; a pong echoes bytes.
import { frame } from './raw_socket.mjs';
import { frameGroups } from './rfc6455_frames.mjs';
import { textGroups } from './rfc6455_texts.mjs';

export const cases = [...frameGroups, ...textGroups].flatMap((group) =>
  [...group()].map((each) => ({ ...each, name: `${group.name}: ${each.name}` })),
);

/** The bytes of a case. */
export const bytesOf = ({ send }) =>
  Buffer.concat(send.map((part) => (Buffer.isBuffer(part) ? part : frame(part))));
