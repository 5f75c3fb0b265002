/**
 * `node scripts/build.mjs` builds the npm package into dist/;
 * `node scripts/build.mjs FOLDER` builds what a box serves into FOLDER, with a manifest.
 */
import { createHash } from "node:crypto";
import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "vite";

const SOURCES = ["demo", "scripts", "src", "package-lock.json", "package.json", "vite.config.ts"];
const BUILT = ["widget.js", "style.css", "demo.html"];

const [folder] = process.argv.slice(2);
const outDir = resolve(folder ?? "dist");
const quiet = { logLevel: "warn" };

await build({ ...quiet, mode: "script", build: { outDir } });
await build({
  ...quiet,
  configFile: false,
  build: {
    outDir,
    emptyOutDir: false,
    cssTarget: ["chrome111", "firefox113", "safari16.4"],
    rollupOptions: { input: "src/style.css", output: { assetFileNames: "style.css" } },
  },
});
if (folder) {
  await copyFile("demo/demo.html", join(outDir, "demo.html"));
  const { version } = JSON.parse(await readFile("package.json", "utf8"));
  const files = {};
  for (const name of BUILT) files[name] = hash(await readFile(join(outDir, name)));
  const manifest = { version, sources: await hashOfSources(), files };
  await writeFile(join(outDir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
} else {
  await build({ ...quiet, build: { outDir } });
}

/** One hash of every source: path, hash, a line each, sorted by path. */
async function hashOfSources() {
  const paths = [];
  for (const source of SOURCES) {
    if (source.includes(".")) paths.push(source);
    else
      for (const entry of await readdir(source, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) paths.push(join(entry.parentPath ?? entry.path, entry.name));
  }
  paths.sort();
  let lines = "";
  for (const path of paths) lines += `${path} ${hash(await readFile(path))}\n`;
  return hash(lines);
}

function hash(content) {
  return createHash("sha256").update(content).digest("hex");
}
