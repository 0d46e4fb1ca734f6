import { AxeBuilder, PHONE, WIDE, ask, check, open, play, signIn } from "./browser.mjs";

const JAM_BESUK = "documents%2Frawat-inap%2Fjam-besuk.md";
const KNOWLEDGE = [
  "/knowledge",
  `/knowledge/documents/view?path=${JAM_BESUK}`,
  `/knowledge/documents/edit?path=${JAM_BESUK}`,
  "/knowledge/documents/new",
  `/knowledge/history?path=${JAM_BESUK}`,
  "/knowledge/approved",
  "/knowledge/approved/new",
  "/knowledge/approved/edit?id=alamat",
  "/knowledge/replies",
  "/knowledge/red-flags",
  "/knowledge/red-flags/edit?path=triage%2Fracun-gigitan.toml",
  "/knowledge/playground",
  "/knowledge/gaps",
];
const PAGES = ["/", "/?days=30", "/conversations", "/conversations/1", "/conversations?search=tidak-ada", "/whatsapp", "/settings", "/settings/canned-replies", "/settings/bot", "/settings/models", "/settings/accounts", "/settings/tokens", "/settings/audit", "/tidak-ada-halaman", "/conversations/999999", ...KNOWLEDGE];

/** No serious or critical finding of axe-core, and nothing that sticks out. */
async function looks(page, path, how) {
  await page.goto(path);
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  const told = grave.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" | ")}`);
  check(grave.length === 0, `${path}, ${how}: nothing grave ${told.join("\n")}`);
  const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  check(wide <= room, `${path}, ${how}: it fits`);
}

await play(async () => {
  await ask("628111000001", "Jam besuk ICU jam berapa?", "Ibu Kenanga");
  await ask("628111000002", "Dada saya nyeri sekali dan sesak", "Pak Melati");
  await ask("628111000003", "Apakah ada parkir helikopter di atap?");
  for (const [viewport, size] of [[WIDE, "wide"], [PHONE, "phone"]]) {
    for (const colorScheme of ["light", "dark"]) {
      const page = await open({ viewport, colorScheme });
      await looks(page, "/sign-in", `${size}, ${colorScheme}`);
      await signIn(page, "ayu");
      for (const path of PAGES) await looks(page, path, `${size}, ${colorScheme}`);
    }
  }
  const plain = await open({ javaScriptEnabled: false });
  await signIn(plain, "sari", "/conversations/1");
  await plain.fill("#text", "Tanpa skrip pun bisa.");
  await plain.click("#composer button[type=submit]");
  await plain.waitForSelector("[data-message] >> text=Tanpa skrip pun bisa.");
  check(true, "without any script, staff read and answer");
  await plain.fill("#search", "helikopter");
  await plain.press("#search", "Enter");
  check((await plain.locator("[data-row]").count()) === 1, "and search");
});
