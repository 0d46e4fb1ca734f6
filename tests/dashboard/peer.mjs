// The official Socket.IO client as an independent peer: who is let in, over which transport, and what is told.
import { createRequire } from "node:module";
import { address, ask, check, password, play } from "./browser.mjs";

const { io } = createRequire(new URL("../../web/package.json", import.meta.url))("socket.io-client");

/** Signs in as a browser would, and gives the session's cookie. */
async function session(name) {
  const response = await fetch(`${address}/sign-in`, {
    method: "POST",
    redirect: "manual",
    headers: { origin: address, "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ name, password }),
  });
  const cookie = response.headers.getSetCookie().find((set) => set.startsWith("satubumi="));
  if (response.status !== 303 || !cookie) throw new Error(`${name} could not sign in: ${response.status}`);
  return cookie.split(";")[0];
}

/** A client that keeps what it hears, and can be asked to wait for more. */
function listen(transport, extraHeaders) {
  const socket = io(address, { transports: [transport], extraHeaders, reconnection: false, forceNew: true });
  const heard = [];
  const waits = [];
  const hear = (event, payload) => {
    heard.push([event, payload]);
    for (const look of waits) look();
  };
  socket.onAny(hear);
  for (const event of ["connect", "connect_error", "disconnect"]) socket.on(event, (told) => hear(event, told));
  const hears = (event, fits = () => true) =>
    new Promise((resolve, reject) => {
      const clock = setTimeout(() => reject(new Error(`no ${event} over ${transport}; heard ${JSON.stringify(heard)}`)), 20000);
      const look = () => {
        const found = heard.find(([name, payload]) => name === event && fits(payload));
        if (!found) return;
        clearTimeout(clock);
        resolve(found[1]);
      };
      waits.push(look);
      look();
    });
  return { socket, heard, hears };
}

const keys = (payload) => Object.keys(payload).sort().join();

await play(async () => {
  const cookie = await session("sari");
  for (const transport of ["polling", "websocket"]) {
    for (const [headers, who] of [
      [{}, "nobody"],
      [{ cookie: "satubumi=AAAAAAAAAAAAAAAAAAAAAA" }, "a made-up session"],
      [{ cookie, origin: "https://evil.example" }, "another site's page with the cookie"],
      [{ cookie, origin: "null" }, "a page without an origin with the cookie"],
    ]) {
      const { socket, hears, heard } = listen(transport, headers);
      await hears("connect_error");
      check(!heard.some(([event]) => event === "connect"), `${who} is refused over ${transport}`);
      socket.close();
    }
  }

  const clients = {};
  for (const transport of ["polling", "websocket"]) {
    const client = listen(transport, { cookie, origin: address });
    await client.hears("connect");
    check(client.socket.io.engine.transport.name === transport, `a session connects over ${transport}`);
    clients[transport] = client;
  }
  await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  const off = await fetch(`${address}/conversations/1/bot`, {
    method: "POST",
    redirect: "manual",
    headers: { cookie, origin: address, "content-type": "application/x-www-form-urlencoded" },
    body: "enabled=false",
  });
  check(off.status === 303, "a member of staff takes over");
  for (const [transport, { heard, hears }] of Object.entries(clients)) {
    const patient = await hears("new_message", ({ author }) => author === "patient");
    const hospital = await hears("new_message", ({ author }) => author === "hospital");
    check(keys(patient) === "author,chat_id,message_id" && hospital.chat_id === patient.chat_id && hospital.message_id > patient.message_id, `${transport}: new_message`);
    check(keys(await hears("chats_update", ({ chat_ids }) => chat_ids?.includes(patient.chat_id))) === "chat_ids", `${transport}: chats_update`);
    const change = await hears("bot_status_change");
    check(JSON.stringify(change) === `{"chat_id":${patient.chat_id},"enabled":false,"handling":"staff"}`, `${transport}: bot_status_change`);
    const figures = await hears("analytics_update");
    check(keys(figures) === "at" && Math.abs(Date.parse(figures.at) - Date.now()) < 60000, `${transport}: analytics_update`);
    const status = await hears("whatsapp_status");
    check(typeof status.state === "string" && typeof status.advice === "string", `${transport}: whatsapp_status`);
    check(!/628111000001|besuk|Kenanga/.test(JSON.stringify(heard)), `${transport}: and nothing of what was written`);
  }

  const out = await fetch(`${address}/sign-out`, { method: "POST", redirect: "manual", headers: { cookie, origin: address } });
  check(out.status === 303, "signing out");
  for (const [transport, { hears }] of Object.entries(clients)) {
    await hears("disconnect");
    check(true, `closes the socket over ${transport}`);
  }
});
