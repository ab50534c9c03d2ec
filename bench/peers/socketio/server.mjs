// Rooms with Socket.IO: one joins, and what one sends goes to the others there, then the sender is acknowledged.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], perMessageDeflate: false, serveClient: false });

// What the documentation says for less memory: nobody looks at the request of an upgrade again.
io.engine.on("connection", (socket) => {
  socket.request = null;
});

io.on("connection", (socket) => {
  let room;
  socket.on("join", (name, done) => {
    room = name;
    socket.join(room);
    done();
  });
  socket.on("message", (text, done) => {
    socket.to(room).emit("message", text);
    done();
  });
});

http.listen(Number(process.argv[2]), "127.0.0.1");
