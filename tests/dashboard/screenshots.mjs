// Pictures of every page, wide and on a phone, in both languages, light and dark: node screenshots.mjs FOLDER.
import { mkdirSync } from "node:fs";
import { PHONE, WIDE, ask, isLive, open, play, signIn } from "./browser.mjs";

const folder = process.argv[2] ?? "screenshots";
const PAGES = { home: "/", figures: "/?days=7#figures", conversations: "/conversations", conversation: "/conversations/1", whatsapp: "/whatsapp", settings: "/settings", canned: "/settings/canned-replies", bot: "/settings/bot", models: "/settings/models", accounts: "/settings/accounts", tokens: "/settings/tokens", audit: "/settings/audit", styleguide: "/styleguide",
  knowledge: "/knowledge",
  document: "/knowledge/documents/view?path=documents%2Frawat-inap%2Fjam-besuk.md",
  "document-edit": "/knowledge/documents/edit?path=documents%2Frawat-inap%2Fjam-besuk.md",
  approved: "/knowledge/approved",
  "approved-new": "/knowledge/approved/new",
  replies: "/knowledge/replies",
  "red-flags": "/knowledge/red-flags",
  playground: "/knowledge/playground",
  gaps: "/knowledge/gaps",
};

await play(async () => {
  mkdirSync(folder, { recursive: true });
  await ask("628111000001", "Jam besuk ICU jam berapa ya kak?", "Ibu Kenanga");
  await ask("628111000001", "Kalau anak kecil boleh ikut masuk?");
  await ask("628111000003", "Apakah ada parkir helikopter di atap?", "Bapak Cempaka");
  await ask("628111000004", "Hari Sabtu poli buka sampai jam berapa?");
  await ask("628111000002", "Dada saya nyeri sekali dan sesak nembus ke lengan", "Pak Melati");
  for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
    for (const locale of ["id-ID", "en-GB"]) {
      for (const colorScheme of ["light", "dark"]) {
        const page = await open({ viewport, locale, colorScheme });
        const shot = (name) => page.screenshot({ path: `${folder}/${name}-${size}-${locale.slice(0, 2)}-${colorScheme}.png` });
        await page.goto("/sign-in");
        await shot("sign-in");
        await signIn(page, "ayu");
        for (const [name, path] of Object.entries(PAGES)) {
          await page.goto(path);
          if (await page.locator("body[data-live]").count()) await isLive(page);
          await shot(name);
        }
      }
    }
  }
});
