/** `node scripts/check-built.mjs FOLDER`: whether the sources make what is there, and how big it is. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LARGEST = 250_000;

const [folder] = process.argv.slice(2);
const fresh = await mkdtemp(join(tmpdir(), "widget-"));
try {
  const { status } = spawnSync(process.execPath, ["scripts/build.mjs", fresh], { stdio: "inherit" });
  if (status) process.exit(status);
  for (const name of ["widget.js", "style.css", "demo.html", "manifest.json"]) {
    const [made, kept] = await Promise.all(
      [fresh, folder].map((where) => readFile(join(where, name)).catch(() => Buffer.of())),
    );
    if (!made.equals(kept)) {
      console.error(`${name} is not what the sources make: run make widget, and commit it.`);
      process.exitCode = 1;
    }
  }
  const size = gzipSync(await readFile(join(fresh, "widget.js"))).length;
  console.log(`widget.js: ${size} bytes compressed, of ${LARGEST}`);
  if (size > LARGEST) process.exitCode = 1;
} finally {
  await rm(fresh, { recursive: true });
}
