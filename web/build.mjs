// Builds what the browser gets into dist/: bundled, minified, each file named by its content's hash, and
// manifest.json, which the server reads to know those names.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import * as esbuild from "esbuild";

const dist = "dist";
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);

const { metafile } = await esbuild.build({
  entryPoints: ["scripts/app.js", "scripts/charts.js"],
  bundle: true,
  format: "esm",
  minify: true,
  target: ["chrome109", "firefox115", "safari16"],
  entryNames: "[name]-[hash]",
  outdir: dist,
  metafile: true,
  legalComments: "none",
});

const manifest = {};
for (const [path, output] of Object.entries(metafile.outputs)) {
  manifest[basename(output.entryPoint)] = basename(path);
}

execFileSync("node_modules/.bin/tailwindcss", ["--input", "styles/app.css", "--output", `${dist}/app.css`, "--minify"], {
  stdio: ["ignore", "ignore", "inherit"],
});
for (const name of ["app.css"]) {
  const content = readFileSync(`${dist}/${name}`);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const hashed = name.replace(/\.(\w+)$/, `-${hash}.$1`);
  writeFileSync(`${dist}/${hashed}`, content);
  rmSync(`${dist}/${name}`);
  manifest[name] = hashed;
}
const icon = readFileSync("images/icon.svg");
const iconName = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, 8)}.svg`;
writeFileSync(`${dist}/${iconName}`, icon);
manifest["icon.svg"] = iconName;
writeFileSync(`${dist}/manifest.json`, JSON.stringify(manifest, null, 2));
