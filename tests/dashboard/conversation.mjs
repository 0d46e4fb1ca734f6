import { PHONE, ask, becomes, check, isLive, open, play, signIn } from "./browser.mjs";

await play(async () => {
  await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  await ask("628111000002", "Apakah ada parkir helikopter di atap?", "Pak Melati");
  const sari = await signIn(await open(), "sari", "/conversations/1");
  const tono = await signIn(await open(), "tono", "/conversations/1");
  await Promise.all([isLive(sari), isLive(tono)]);
  check((await tono.locator("#composer").count()) === 0, "a viewer finds nothing to write with");
  check(await sari.isChecked("input[name=as][value=bot]"), "with the bot on, a message goes out as the bot");

  await sari.click("#bot-switch");
  await tono.waitForSelector("#open header >> text=Dengan sari");
  check(true, "taking over is seen in another browser");
  await becomes(sari, () => document.querySelector("input[name=as][value=staff]").checked, "with the bot off, a message goes out as staff");
  await ask("628111000001", "halo?");
  await sari.waitForSelector("#open header >> text=1 belum dijawab");
  check(true, "what nobody answers is counted");

  await sari.fill("#text", "Selamat siang, saya Sari.");
  await sari.click("#composer button[type=submit]");
  await tono.waitForSelector("[data-author=staff] >> text=Selamat siang, saya Sari.");
  await becomes(sari, () => document.getElementById("text").value === "", "a sent message leaves the field");
  check(await tono.isVisible("[data-author=staff] >> text=sari"), "who wrote it is shown");
  await sari.check("input[name=as][value=bot]");
  await sari.fill("#text", "Jam besuk ICU ada di papan lobi.");
  await sari.press("#text", "Control+Enter");
  await tono.waitForSelector("[data-author=bot] >> text=ada di papan lobi");
  check(await tono.isVisible("text=Bot, ditulis sari"), "and so is who wrote as the bot");

  await sari.fill("#note-text", "Sudah ditelepon.");
  await sari.click("#note button");
  await tono.waitForSelector("[data-note] >> text=Sudah ditelepon.");
  check(true, "a note is seen by colleagues");

  await sari.click("#bot-switch");
  await tono.waitForSelector("#open header:not(:has-text('Dengan sari'))");
  check(true, "the conversation is handed back");

  await sari.goto("/conversations?filter=waiting");
  check((await sari.locator("[data-row]").count()) === 1, "the filter shows who waits");
  await sari.click("[data-row] a");
  await sari.waitForSelector("#flags");
  check(await sari.isVisible("text=Dokumen rumah sakit tidak memuat jawaban yang pasti."), "and why");
  await sari.click("text=Tandai selesai");
  await sari.waitForSelector("#open:not(:has(#flags))");
  await sari.waitForSelector("text=Belum ada percakapan");
  check(true, "resolved, nobody waits any more");

  await sari.goto("/conversations");
  await sari.fill("#search", "helikop");
  await sari.waitForSelector("#rows:not(:has-text('Kenanga')) >> mark");
  check((await sari.textContent("#rows mark")).toLowerCase().startsWith("helikop"), "a search finds words and marks them");
  await sari.fill("#search", "1000001");
  await sari.waitForSelector("#rows >> text=Kenanga");
  check((await sari.locator("[data-row]").count()) === 1, "and numbers");
  check(await sari.evaluate(() => document.activeElement.id === "search"), "without leaving the field");

  await sari.goto("/conversations/1");
  const source = sari.locator("[data-author=bot] details summary").first();
  await source.click();
  check(await sari.isVisible("[data-author=bot] details[open] li"), "an answer shows what it rests on");

  await sari.goto("/conversations");
  await sari.keyboard.press("j");
  await sari.keyboard.press("j");
  await sari.keyboard.press("k");
  await sari.keyboard.press("Enter");
  await sari.waitForSelector("#open");
  check(true, "the list is walked through by keyboard");
  await sari.keyboard.press("Escape");
  await sari.keyboard.press("/");
  await becomes(sari, () => document.activeElement.id === "search", "the search is reached by keyboard");

  const phone = await signIn(await open({ viewport: PHONE }), "sari", "/conversations");
  await phone.click("text=Ibu Kenanga");
  await phone.waitForSelector("#open");
  check(!(await phone.isVisible("#rows")), "on a phone one pane is shown at a time");
  check((await phone.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.width, "that fits its width");
  await phone.click("text=Kembali");
  await phone.waitForSelector("#rows >> visible=true");
  check(!(await phone.locator("#open").count()), "and back to the list");
});
