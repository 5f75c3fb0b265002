import { expect, test } from "vitest";

import style from "../src/style.css?raw";
import { loudness } from "../src/sound";
import { inkOn, luminance, rgbOf, type Rgb } from "../src/ui/colors";
import { clock } from "../src/ui/status";

test.each<[string, "#000" | "#fff"]>([
  ["#4f46e5", "#fff"],
  ["#000", "#fff"],
  ["#fff", "#000"],
  ["#ffd400", "#000"],
  ["#cf2f3b", "#fff"],
  ["#6b6b6b", "#fff"],
])("on %s stands %s", (color, ink) => {
  expect(inkOn(rgbOf(color)!)).toBe(ink);
});

test("what stands on any colour can be read (4.5 to 1)", () => {
  for (let red = 0; red < 256; red += 17)
    for (let green = 0; green < 256; green += 17)
      for (let blue = 0; blue < 256; blue += 17) {
        const color: Rgb = [red, green, blue];
        const [low, high] = [luminance(color), inkOn(color) === "#fff" ? 1 : 0].sort((a, b) => a - b);
        expect((high! + 0.05) / (low! + 0.05)).toBeGreaterThanOrEqual(4.5);
      }
});

/** The colours of a theme: those of the first block, and over them those of the theme's own. */
function themed(name: "light" | "dark"): (part: string) => number {
  const dark = style.slice(style.indexOf('[data-theme="dark"]'), style.indexOf("@media"));
  return (part) => {
    const pattern = new RegExp(`--_${part}: (?:var\\([^,]+, )?(#[0-9a-f]+)`);
    const found = (name === "dark" && pattern.exec(dark)) || pattern.exec(style);
    return luminance(rgbOf(found![1]!)!);
  };
}

test.each(["light", "dark"] as const)("the %s theme can be read", (name) => {
  const of = themed(name);
  const contrast = (one: string, other: string) => {
    const [low, high] = [of(one), of(other)].sort((a, b) => a - b) as [number, number];
    return (high + 0.05) / (low + 0.05);
  };
  for (const text of ["text", "soft"])
    for (const ground of ["surface", "raised"])
      expect(contrast(text, ground), `${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
  expect(contrast("warn-text", "warn-surface")).toBeGreaterThanOrEqual(4.5);
  expect(contrast("edge", "surface")).toBeGreaterThanOrEqual(3);
  expect(1.05 / (of("end") + 0.05)).toBeGreaterThanOrEqual(4.5);
});

test("what is no colour is none", () => {
  expect(rgbOf("#12")).toBeUndefined();
  expect(rgbOf("nonsense")).toBeUndefined();
});

test.each([
  [0, "0:00"],
  [42_999, "0:42"],
  [725_000, "12:05"],
  [3_723_000, "1:02:03"],
  [-5, "0:00"],
])("%i ms are %s", (ms, text) => {
  expect(clock(ms)).toBe(text);
});

test("loudness follows the ear, from silence to a loud voice", () => {
  const wave = (peak: number) => Float32Array.from({ length: 512 }, (_, at) => peak * Math.sin(at));
  expect(loudness(new Float32Array(512))).toBe(0);
  expect(loudness(wave(0.001))).toBe(0);
  expect(loudness(wave(0.05))).toBeGreaterThan(0.5);
  expect(loudness(wave(1))).toBe(1);
});
