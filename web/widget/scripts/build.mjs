/**
 * Build the script for pages without a bundler, the style sheet and the npm package:
 * `node scripts/build.mjs [folder]`. With a folder, only what a box serves goes there.
 */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { build } from "vite";

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
if (!folder) await build({ ...quiet, build: { outDir } });
