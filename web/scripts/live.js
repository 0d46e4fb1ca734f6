// Live events: each says what changed, and the page fetches the fragment that shows it.
import { io } from "socket.io-client";
import { toast, word } from "./words.js";

const SHORTEST = 150;
const LONGEST = 2000;
const REST = 15;

/**
 * Fetches a fragment now if the last time was long enough ago, else as soon as it is; once for all that ask meanwhile.
 * It rests for many times as long as the fetch took: a hundred open pages slow themselves down before the server does.
 */
function fetcher(fetch) {
  let waits = false;
  let last = 0;
  let between = SHORTEST;
  return function ask() {
    if (waits) return;
    waits = true;
    setTimeout(async () => {
      last = Date.now();
      waits = false;
      await fetch();
      between = Math.min(LONGEST, Math.max(SHORTEST, REST * (Date.now() - last)));
    }, Math.max(0, last + between - Date.now()));
  };
}

export function goLive(htmx) {
  const morph = (url, target) => htmx.ajax("GET", url, { target, swap: "morph" }).catch(() => {});
  const open = () => document.querySelector("#open[data-conversation]");
  const refreshed = (selector) =>
    fetcher(async () => {
      const part = document.querySelector(selector);
      if (part) await morph(part.dataset.refresh, part);
    });

  const fetchList = refreshed("#list");
  const fetchNow = refreshed("#now");
  const fetchAlerts = refreshed("#alerts[data-refresh]");
  const fetchFigures = refreshed("#figures");
  const fetchConversation = fetcher(async () => {
    const part = open();
    if (!part) return;
    const first = part.querySelector("[data-message]")?.dataset.message;
    await morph(`/conversations/${part.dataset.conversation}/panel${first ? `?from=${first}` : ""}`, part);
  });
  const fetchConnection = fetcher(async () => {
    for (const part of document.querySelectorAll("[data-refresh-whatsapp]")) await morph(part.dataset.refreshWhatsapp, part);
  });
  const fetchKnowledge = fetcher(async () => {
    for (const part of document.querySelectorAll("[data-refresh-knowledge]")) await morph(part.dataset.refreshKnowledge, part);
  });
  const isOpen = (chat) => open()?.dataset.conversation === String(chat);
  const everything = () =>
    [fetchList, fetchNow, fetchAlerts, fetchFigures, fetchConversation, fetchConnection, fetchKnowledge].forEach((fetch) => fetch());

  const socket = io({ transports: ["websocket", "polling"] });
  let wasOffline = false;
  const offline = (is) => {
    document.getElementById("offline").hidden = !is;
    document.documentElement.dataset.live = is ? "off" : "on";
    if (wasOffline && !is) {
      // What happened meanwhile was told to nobody.
      everything();
      toast(word("toast-back"));
    }
    wasOffline = is;
  };
  socket.on("connect", () => {
    offline(false);
    // A document may have been read between the page and the connection.
    fetchKnowledge();
  });
  socket.on("disconnect", (reason) => {
    offline(true);
    // The server closes the sockets of sessions that have ended: the page asks to sign in again.
    if (reason === "io server disconnect") setTimeout(() => location.reload(), 500 + Math.random() * 1500);
  });
  socket.on("connect_error", () => offline(true));

  socket.on("new_message", ({ chat_id }) => {
    if (isOpen(chat_id)) fetchConversation();
  });
  socket.on("message_update", ({ chat_id }) => {
    if (isOpen(chat_id)) fetchConversation();
  });
  socket.on("bot_status_change", ({ chat_id }) => {
    if (isOpen(chat_id)) fetchConversation();
  });
  socket.on("chats_update", ({ chat_ids }) => {
    fetchList();
    fetchNow();
    fetchAlerts();
    if (chat_ids === null || chat_ids.some(isOpen)) fetchConversation();
  });
  socket.on("lookers_update", ({ chat_id }) => {
    if (isOpen(chat_id)) htmx.trigger("#lookers", "lookers");
  });
  socket.on("analytics_update", fetchFigures);
  socket.on("knowledge_update", fetchKnowledge);
  socket.on("whatsapp_status", fetchConnection);
}
