import { defineConfig } from "vitest/config";

// Browsers of the last five years; the oldest that can do what a room needs.
const target = ["chrome90", "edge90", "firefox90", "safari15"];

/** The script brings its own React, a small one. */
const preact: Record<string, string> = {
  "react-dom/client": "preact/compat/client",
  "react/jsx-runtime": "preact/jsx-runtime",
  "react-dom": "preact/compat",
  react: "preact/compat",
};

/** `vite build --mode script`: everything in one file. Otherwise the npm package. */
export default defineConfig(({ mode }) => {
  const script = mode === "script";
  return {
    resolve: { alias: script ? preact : {} },
    define: script ? { "process.env.NODE_ENV": JSON.stringify("production") } : {},
    esbuild: { legalComments: "none" },
    build: {
      target,
      cssTarget: ["chrome111", "firefox113", "safari16.4"],
      emptyOutDir: false,
      reportCompressedSize: false,
      lib: script
        ? { entry: "src/script.ts", name: "thunderphone", formats: ["iife"] }
        : { entry: "src/index.ts", fileName: "index", formats: ["es"] },
      rollupOptions: script
        ? { output: { entryFileNames: "widget.js" } }
        : {
            external: [/^react($|\/)/, /^react-dom($|\/)/, "livekit-client"],
            output: { banner: '"use client";' }, // for frameworks that render on a server
          },
    },
    test: { environment: "jsdom", css: true, include: ["tests/**/*.test.{ts,tsx}"], restoreMocks: true },
  };
});
