// Rooms as Bun's own topics: publishing is uWebSockets' C++, the closest there is to the floor with a language on top.
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch(request, server) {
    const room = new URL(request.url).pathname.slice("/ws/".length);
    return server.upgrade(request, { data: { room } }) ? undefined : new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    idleTimeout: 0,
    sendPings: false,
    open(socket) {
      socket.subscribe(socket.data.room);
    },
    message(socket, text) {
      server.publish(socket.data.room, `[${socket.data.room}] ${Bun.escapeHTML(text)}`);
    },
  },
});
