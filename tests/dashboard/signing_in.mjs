import { PHONE, address, check, open, play, signIn } from "./browser.mjs";

await play(async () => {
  const page = await open();
  await page.goto("/conversations?filter=waiting");
  check(new URL(page.url()).pathname === "/sign-in", "whoever is not signed in comes to the sign-in page");
  check((await page.textContent("h1")) === "Masuk", "in the browser's language");
  await page.fill("#name", "sari");
  await page.fill("#password", "kata sandi yang salah");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=alert]");
  check(true, "a wrong password is told");
  check((await page.inputValue("#name")) === "sari", "the name stays");
  check((await page.inputValue("#password")) === "", "the password does not");

  await signIn(page, "sari", "/conversations?filter=waiting");
  check(true, "signing in leads to the page that was asked for");
  check(await page.isVisible("text=Petugas"), "the role is shown");

  await page.click("text=English");
  await page.waitForSelector("nav >> text=Conversations");
  check((await page.getAttribute("html", "lang")) === "en", "the language is switched, on the same page");
  check(page.url().endsWith("/conversations?filter=waiting"), "the same page is shown again");
  const other = await open();
  await signIn(other, "sari");
  check((await other.getAttribute("html", "lang")) === "en", "the account keeps its language in another browser");

  const viewer = await signIn(await open(), "tono");
  const refused = await viewer.goto("/settings/audit");
  check(refused.status() === 403, "a viewer may not see the audit log");
  check(await viewer.isVisible("text=Akun ini tidak boleh"), "and is told so kindly");

  const phone = await signIn(await open({ viewport: PHONE }), "tono", "/settings");
  check(await phone.isVisible("main >> text=Keluar"), "signing out is found on a phone, too");
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= PHONE.width, "nothing sticks out of a phone's width");

  await page.click("text=Sign out");
  await page.waitForURL(`${address}/sign-in`);
  await page.goBack();
  await page.waitForURL(/sign-in/);
  check(true, "after signing out, going back shows nothing");
});
