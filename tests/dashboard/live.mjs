import { ask, check, isLive, open, play, signIn } from "./browser.mjs";

/** When the page first shows so many of something, in milliseconds since 1970. */
const painted = (page, selector, count) =>
  page.evaluate(
    ([selector, count]) =>
      new Promise((resolve) => {
        const look = () =>
          document.querySelectorAll(selector).length >= count ? requestAnimationFrame(() => resolve(Date.now())) : setTimeout(look, 4);
        look();
      }),
    [selector, count],
  );

const percentile = (values, part) => values.sort((a, b) => a - b)[Math.ceil(values.length * part) - 1];

await play(async () => {
  await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  const list = await signIn(await open(), "sari", "/conversations");
  await isLive(list);
  const detail = await open();
  await signIn(detail, "tono", "/conversations");
  await detail.click("text=Ibu Kenanga");
  await detail.waitForSelector("[data-message]");
  await isLive(detail);
  check(new URL(detail.url()).pathname === "/conversations/1", "opening a conversation changes the address");

  // The list shows a new patient, the conversation the answer: both are committed before the request ends.
  const waits = { list: [], conversation: [] };
  for (let round = 1; round <= 20; round += 1) {
    const row = painted(list, "[data-row]", round + 1);
    await ask(String(628333000000 + round), "Jam besuk ICU jam berapa?", `Pasien ${round}`);
    const listed = Date.now();
    waits.list.push(Math.max(0, (await row) - listed));
    const bubble = painted(detail, "[data-author=bot]", round + 1);
    await ask("628111000001", `Pesan ${round}: jam besuk ICU jam berapa?`);
    const answered = Date.now();
    waits.conversation.push(Math.max(0, (await bubble) - answered));
    // Staff do not write twenty messages a second; a page that is busy is another measurement (benches).
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  for (const [place, took] of Object.entries(waits)) {
    console.log(`  from the request's end to the pixel, ${place}: p50 ${percentile(took, 0.5)} ms, p95 ${percentile(took, 0.95)} ms`);
  }

  await ask("628111000002", "Dada saya nyeri sekali dan sesak", "Pak Melati");
  await list.waitForSelector("[data-row]:first-child >> text=Pak Melati");
  check(await list.isVisible("[data-row]:first-child >> text=Darurat"), "an emergency comes to the top, with its badge");

  const typing = "Selamat siang Bu, mohon tunggu";
  const agent = await signIn(await open(), "sari", "/conversations/1");
  await isLive(agent);
  await agent.fill("#text", typing);
  await agent.focus("#text");
  await ask("628111000001", "masih di sana?");
  await agent.waitForSelector("[data-message] >> text=masih di sana?");
  check((await agent.inputValue("#text")) === typing, "what somebody is writing stays");
  check(await agent.evaluate(() => document.activeElement.id === "text"), "and so does the focus");

  await agent.context().setOffline(true);
  await agent.evaluate(() => window.dispatchEvent(new Event("offline")));
  await agent.waitForSelector("#offline:not([hidden])", { timeout: 60000 });
  check(true, "a lost connection is shown");
  await ask("628111000001", "pesan saat terputus");
  await agent.context().setOffline(false);
  await agent.waitForSelector("[data-message] >> text=pesan saat terputus", { timeout: 60000 });
  await agent.waitForSelector("#offline", { state: "hidden" });
  check(true, "and the page catches up by itself");
  check((await agent.inputValue("#text")) === typing, "with what was being written");
});
