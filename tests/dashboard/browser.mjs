// What the scenarios share: Debian's Chromium, staff who sign in, patients who write.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
export const AxeBuilder = require("@axe-core/playwright").default;

const { SATUBUMI_ADDRESS, SATUBUMI_TOKEN, SATUBUMI_PASSWORD } = process.env;
export const address = SATUBUMI_ADDRESS;
export const password = SATUBUMI_PASSWORD;
export const WIDE = { width: 1360, height: 860 };
export const PHONE = { width: 390, height: 844 };

const launched = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A new browser, as of somebody else; what its console complains of fails the scenario. */
export async function open(options = {}) {
  const context = await launched.newContext({ baseURL: address, viewport: WIDE, locale: "id-ID", ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => {
    const text = message.text();
    // What a scenario does on purpose, being refused and going offline, the browser and htmx tell, too.
    const isOnPurpose = /^Failed to load resource|^WebSocket connection|^htmx:(afterRequest|sendAbort|sendError|responseError|afterOnLoad)/.test(text);
    if (message.type() === "error" && !isOnPurpose) page.complaints.push(text);
  });
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  return page;
}

export async function signIn(page, name, next = "/") {
  await page.goto(`/sign-in?next=${encodeURIComponent(next)}`);
  await page.fill("#name", name);
  await page.fill("#password", password);
  await page.click("form[action='/sign-in'] button");
  await page.waitForURL((url) => url.pathname + url.search === next);
  return page;
}

/** Calls the API as the patients' channel does. */
export async function post(path, body) {
  const response = await fetch(address + path, {
    method: "POST",
    headers: { authorization: `Bearer ${SATUBUMI_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

/** A patient writes; gives the answer once the server has answered. */
export const ask = (sender, message, name) => post("/ask", { sender, message, ...(name && { name }) });

/** The evaluation data lies in a folder above the checkout. */
export function shared(path) {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== dirname(folder); folder = dirname(folder)) {
    const found = join(folder, "shared/data", path);
    if (existsSync(found)) return found;
  }
  throw new Error(`shared/data/${path} is in no folder above`);
}

/** Whether the page has connected for live events. */
export const isLive = (page) => page.waitForFunction(() => document.documentElement.dataset.live === "on");

export function check(is, what) {
  if (!is) throw new Error(what);
  console.log(`  ✓ ${what}`);
}

/** Waits until something is so on a page; what it sends is there before it is told that it is. */
export async function becomes(page, is, what, argument) {
  await page.waitForFunction(is, argument).catch((error) => {
    throw new Error(`${what}: ${error.message}`);
  });
  console.log(`  ✓ ${what}`);
}

/** Plays a scenario and ends the process: 0 when all went well. */
export async function play(scenario) {
  try {
    await scenario();
    for (const context of launched.contexts()) {
      for (const page of context.pages()) check(page.complaints.length === 0, `the console is quiet ${page.complaints.join("; ")}`);
    }
    await launched.close();
  } catch (error) {
    console.error(error);
    await launched.close();
    process.exit(1);
  }
}
