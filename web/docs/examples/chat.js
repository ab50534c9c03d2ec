// A chat that shows what was said before, survives a broken connection, and sends nothing twice.
const query = Object.fromEntries(new URLSearchParams(location.search));
const { server = location.host, room = 'lobby', name = `guest-${Math.floor(Math.random() * 1000)}` } = query;
const [list, form, input, status] = ['ul', 'form', 'input', 'output'].map((tag) => document.querySelector(tag));
const waiting = new Map(); // client_msg_id: the text, until the server has stored it
let lastSeq = 0; // every event of the room up to here is on the page
let roomId, socket;

function send(type, data, id) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ type, id, data }));
}
function sendText(key) {
  if (waiting.has(key)) send('send_message', { content: waiting.get(key), client_msg_id: key }, key);
}
const resume = () => send('resume', { rooms: { [roomId]: lastSeq } });

function show({ message_id: id, content, display_name: who }) {
  const line = document.getElementById(id) ?? list.appendChild(document.createElement('li'));
  line.id = id;
  line.dataset.who ??= who;
  line.textContent = `${line.dataset.who}: ${content ?? '(deleted)'}`;
}
const on = {
  ready({ rooms }) {
    roomId = rooms[0].room_id;
    status.textContent = `${name} in ${room}`;
    resume();
    for (const key of waiting.keys()) sendText(key);
  },
  replay_end: ({ more }) => more && resume(),
  new_message: show,
  message_edited: show,
  message_deleted: show,
  ack: (data) => show({ ...data, content: waiting.get(data.client_msg_id), display_name: name }),
  error({ code, message, retry_after_ms: wait }, id) {
    status.textContent = message;
    if (wait !== null || code === 'unavailable') setTimeout(sendText, wait ?? 1000, id);
    else waiting.delete(id);
  },
};
function connect() {
  socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${server}/ws/${room}/${name}?replay=none`);
  socket.onmessage = (event) => {
    const { type, id, data } = JSON.parse(event.data);
    const hasPlace = 'seq' in data && type !== 'read' && type !== 'replay_end';
    const isNext = data.seq === lastSeq + 1; // else it is on the page already, or the replay brings it
    if (hasPlace && isNext) lastSeq = data.seq;
    if (!hasPlace || isNext) on[type]?.(data, id);
    if (type === 'ack') waiting.delete(id);
  };
  socket.onclose = () => setTimeout(connect, 500 + 1000 * Math.random());
}
form.onsubmit = (event) => {
  event.preventDefault();
  const key = crypto.randomUUID();
  waiting.set(key, input.value);
  sendText(key);
  form.reset();
};
connect();
