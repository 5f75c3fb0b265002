import { expect, test } from "vitest";

import { Captions, type Caption } from "../src/captions";

function said(id: string, text: string, more: Partial<Caption> = {}): Caption {
  return { id, text, speaker: "agent", final: true, ...more };
}

function texts(captions: Captions): string[] {
  return captions.list.map(({ text }) => text);
}

test("the same id again replaces its words in its place", () => {
  const captions = new Captions();
  captions.stream(said("a", "We are", { final: false }));
  captions.stream(said("b", "Hello", { speaker: "visitor" }));
  captions.stream(said("a", "We are open."));
  expect(texts(captions)).toEqual(["We are open.", "Hello"]);
  expect(captions.list[0]?.final).toBe(true);
});

test("words that turn out to be none are taken back", () => {
  const captions = new Captions();
  captions.stream(said("a", "Hm", { final: false, speaker: "visitor" }));
  captions.stream(said("a", "", { speaker: "visitor" }));
  expect(captions.list).toEqual([]);
});

test("nothing is shown of what says nothing", () => {
  const captions = new Captions();
  captions.stream(said("a", "  "));
  expect(captions.list).toEqual([]);
});

test("classic events count only until text streams come", () => {
  const captions = new Captions();
  captions.classic(said("a", "Hello"));
  expect(texts(captions)).toEqual(["Hello"]);
  captions.stream(said("a", "Hello!"));
  captions.classic(said("b", "Again"));
  expect(texts(captions)).toEqual(["Hello!"]);
});

test("what the server reports of typed words takes their place", () => {
  const captions = new Captions();
  captions.typed("Do you take cards?");
  captions.stream(said("a", "Yes."));
  captions.stream(said("v", "Do you take cards?", { speaker: "visitor" }));
  expect(texts(captions)).toEqual(["Do you take cards?", "Yes."]);
  captions.typed("Yes.");
  captions.typed("Yes.");
  expect(texts(captions)).toEqual(["Do you take cards?", "Yes.", "Yes.", "Yes."]);
});

test("a list for hours does not grow for hours", () => {
  const captions = new Captions();
  for (let count = 0; count < 300; count += 1) captions.stream(said(`${count}`, `${count}`));
  expect(captions.list).toHaveLength(200);
  expect(captions.list[199]?.text).toBe("299");
});

test("a list that was given out does not change", () => {
  const captions = new Captions();
  captions.stream(said("a", "Hello"));
  const before = captions.list;
  captions.stream(said("a", "Goodbye"));
  expect(before[0]?.text).toBe("Hello");
});
