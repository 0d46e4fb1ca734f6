// The official Socket.IO client as an independent peer: prints what it hears, a JSON line each, until its input ends.
// node socket_io.mjs URL polling|websocket [TOKEN]
import { createRequire } from "node:module";

const web = new URL("../../web/package.json", import.meta.url);
const { io } = createRequire(web)("socket.io-client");
const [url, transport, token] = process.argv.slice(2);
const extraHeaders = token ? { Authorization: `Bearer ${token}` } : {};
const socket = io(url, { transports: [transport], extraHeaders, reconnection: false });
const print = (event, payload) => console.log(JSON.stringify({ event, payload }));

socket.on("connect", () => print("connect", socket.io.engine.transport.name));
socket.on("connect_error", (error) => print("connect_error", error.message));
socket.on("disconnect", (reason) => print("disconnect", reason));
socket.onAny(print);
process.stdin.resume();
process.stdin.on("end", () => {
  socket.close();
  process.exit();
});
