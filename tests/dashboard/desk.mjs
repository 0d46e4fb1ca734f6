// What staff keep beside conversations: labels, who looks after them, drafts, canned replies, who else is looking.
import { PHONE, ask, becomes, check, isLive, open, play, signIn } from "./browser.mjs";

await play(async () => {
  await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  await ask("628111000002", "Apakah ada parkir helikopter di atap?", "Pak Melati");
  const sari = await signIn(await open(), "sari", "/conversations/1");
  await isLive(sari);
  check(await sari.isVisible("#about"), "a wide screen has three panes");

  await sari.fill("#label-name", "Rujukan BPJS");
  await sari.press("#label-name", "Enter");
  await sari.waitForSelector("#about >> text=Rujukan BPJS");
  await sari.waitForSelector("[data-row='1'] >> text=Rujukan BPJS");
  check(true, "a label shows beside the conversation and in the list");
  await sari.click("#label-filter summary");
  await sari.click("#label-filter >> text=Rujukan BPJS");
  await sari.waitForURL(/label=/);
  check((await sari.locator("[data-row]").count()) === 1, "the list is narrowed to a label");

  await sari.goto("/conversations/1");
  await isLive(sari);
  await sari.selectOption("#assignee", { label: "ayu" });
  await sari.waitForSelector("[data-row='1'] >> text=Dengan ayu");
  const ayu = await signIn(await open(), "ayu", "/conversations?filter=mine");
  await isLive(ayu);
  check((await ayu.locator("[data-row]").count()) === 1, "whoever it is given to finds it under their own");

  await ayu.click("[data-row] a");
  await ayu.waitForSelector("#lookers >> text=sari juga sedang melihat");
  await sari.waitForSelector("#lookers >> text=ayu juga sedang melihat");
  check(true, "both see that the other is looking");
  await ayu.goto("/conversations/2");
  await becomes(sari, () => !document.getElementById("lookers").textContent.includes("ayu"), "and when the other has gone");

  const kept = sari.waitForResponse((response) => response.url().endsWith("/draft") && response.request().postData().includes("sebentar"));
  await sari.fill("#text", "Mohon tunggu sebentar");
  await kept;
  await sari.click("[data-row='2'] a");
  await sari.waitForSelector("#open[data-conversation='2']");
  check((await sari.inputValue("#text")) === "", "another conversation has its own draft");
  await sari.click("[data-row='1'] a");
  await sari.waitForSelector("#open[data-conversation='1']");
  check((await sari.inputValue("#text")) === "Mohon tunggu sebentar", "a half-written message waits where it was begun");
  await sari.click("#composer button[type=submit]");
  await sari.waitForSelector("[data-author] >> text=Mohon tunggu sebentar");
  await sari.reload();
  check((await sari.inputValue("#text")) === "", "what was sent is no draft any more");

  await sari.goto("/settings/canned-replies");
  for (const [name, text] of [["/besuk", "Jam besuk 10.00 sampai 12.00."], ["parkir", "Parkir ada di basement."]]) {
    await sari.fill("#name", name);
    await sari.fill("#text", text);
    await sari.click("form[action='/settings/canned-replies'] button");
    await sari.waitForSelector("text=Balasan siap pakai sudah disimpan.");
  }
  await sari.goto("/conversations/1");
  await isLive(sari);
  await sari.focus("#text");
  await sari.keyboard.type("/");
  await sari.waitForSelector("#canned [data-canned=parkir]");
  await sari.keyboard.type("par");
  await becomes(sari, () => document.querySelector("#canned [aria-selected=true]")?.dataset.canned === "parkir", "letters narrow the list");
  await sari.keyboard.press("Enter");
  check((await sari.inputValue("#text")) === "Parkir ada di basement.", "Enter puts the text into the message");
  await sari.fill("#text", "");
  await sari.click("#canned-open");
  await sari.click("#canned [data-canned=besuk]");
  check((await sari.inputValue("#text")) === "Jam besuk 10.00 sampai 12.00.", "and so does the mouse");

  await sari.evaluate(() => document.addEventListener("satubumi:alert", ({ detail }) => ((window.rung ??= []).push(detail.isEmergency))));
  await ask("628111000003", "Tolong, ayah saya sesak napas dan bibirnya biru", "Bapak Anggrek");
  await becomes(sari, () => window.rung?.includes(true), "an emergency rings on every page");
  await becomes(sari, () => document.title.startsWith("("), "and the tab counts who waits");
  await sari.click("#sound-switch");
  check((await sari.getAttribute("#sound-switch", "aria-pressed")) === "false", "the sound can be turned off");
  await sari.reload();
  await isLive(sari);
  check((await sari.getAttribute("#sound-switch", "aria-pressed")) === "false", "and stays off on this device");

  await sari.click("h1", { force: true }).catch(() => {});
  await sari.evaluate(() => document.activeElement.blur());
  await sari.keyboard.press("?");
  check(await sari.isVisible("#keys"), "the keys are explained");
  await sari.keyboard.press("Escape");

  const phone = await signIn(await open({ viewport: PHONE }), "sari", "/conversations/1");
  check(!(await phone.isVisible("#about")), "on a phone the details are folded away");
  await phone.click("label[for=about-switch]");
  check(await phone.isVisible("#about"), "until they are asked for");
  check((await phone.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.width, "and fit its width");
});
