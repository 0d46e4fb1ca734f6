// What administrators set on the page: the bot, accounts, programs' keys.
import { address, ask, check, isLive, open, password, play, signIn } from "./browser.mjs";

const asProgram = (token) => fetch(`${address}/admin/chats`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);

await play(async () => {
  const ayu = await signIn(await open(), "ayu", "/settings/bot");
  await ayu.fill("#staff_hours", "Senin 08:00-16:00");
  await ayu.click("form[action='/settings/bot'] button");
  await ayu.waitForSelector("text=Rentang jam ini tidak terbaca: Senin 08:00-16:00");
  check((await ayu.inputValue("#staff_hours")) === "Senin 08:00-16:00", "what is wrong is said, and nothing typed is lost");
  const today = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Jakarta" }).format(new Date());
  await ayu.fill("#staff_hours", "Mon-Sun 00:00-24:00");
  await ayu.fill("#staff_holidays", today);
  await ayu.uncheck("[name=bot_answers_new]");
  await ayu.click("form[action='/settings/bot'] button");
  await ayu.waitForSelector("text=Sudah disimpan dan langsung berlaku.");
  const { outcome } = await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  check(outcome === "bot_off", "a new patient waits for staff at once");
  await ayu.click("form[action='/settings/bot/reset'] button");
  await ayu.waitForSelector("text=Kembali ke pengaturan server. >> nth=0");
  check(await ayu.isChecked("[name=bot_answers_new]"), "and back");
  check((await ask("628111000002", "Jam besuk ICU jam berapa?")).outcome !== "bot_off", "the bot answers the next one");

  await ayu.goto("/settings/tokens");
  await ayu.fill("#name", "pemantau");
  await ayu.check("[name=admin]");
  await ayu.click("form[action='/settings/tokens'] button:has-text('Buat kunci')");
  const token = (await ayu.textContent(".select-all")).trim();
  check((await asProgram(token)) === 200, "a program comes in with its key");
  await ayu.goto("/settings/tokens");
  check(!(await ayu.content()).includes(token), "which is shown only once");
  await ayu.click("li:has-text('pemantau') summary");
  await ayu.click("li:has-text('pemantau') button");
  await ayu.waitForSelector("li:has-text('pemantau') >> text=Dicabut");
  check((await asProgram(token)) === 401, "and not with a revoked one");

  await ayu.goto("/settings/accounts");
  const row = "li:has-text('tono')";
  await ayu.click(`${row} summary`);
  await ayu.selectOption(`${row} select`, "agent");
  await ayu.fill(`${row} input[type=password]`, "lima kerbau hijau tidur");
  const tono = await signIn(await open(), "tono", "/conversations/1");
  await isLive(tono);
  await ayu.click(`${row} button:has-text('Simpan')`);
  await ayu.waitForSelector("text=Akun sudah diubah");
  await tono.waitForURL(/sign-in/);
  check(true, "whose account is changed signs in again");
  await tono.fill("#name", "tono");
  await tono.fill("#password", password);
  await tono.click("form[action='/sign-in'] button");
  await tono.waitForSelector("text=tidak cocok");
  await tono.fill("#password", "lima kerbau hijau tidur");
  await tono.click("form[action='/sign-in'] button");
  await tono.waitForSelector("#composer");
  check(true, "with the new password and the new role");
  await ayu.goto("/settings/accounts");
  await ayu.click(`${row} summary`);
  await ayu.click(`${row} button:has-text('Ya, nonaktifkan')`);
  await ayu.waitForSelector(`${row} >> text=Nonaktif`);
  await ayu.click(`${row} button:has-text('Aktifkan lagi')`);
  await ayu.waitForSelector(`${row} summary`);
  check(true, "an account is disabled and enabled again");

  await ayu.goto("/settings/models");
  await ayu.waitForSelector("text=Siap menjawab");
  check(await ayu.isVisible("text=Mencari dokumen"), "the models in use are named");
  await ayu.goto("/settings/audit");
  for (const words of ["mengubah pengaturan", "membuat kunci program", "mencabut kunci program", "mengubah akun"]) {
    check(await ayu.isVisible(`text=${words}`), `the log tells: ${words}`);
  }
  await ayu.click("form[action='/settings/audit/verify'] button");
  await ayu.waitForSelector("text=Rantai utuh");
  check(true, "and is whole");
});
