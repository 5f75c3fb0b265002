import { afterEach, expect, test, vi } from "vitest";

import { apiOf, mount } from "../src/mount";

afterEach(() => {
  document.body.replaceChildren();
});

test.each([
  ["https://box.example/widget/latest/widget.js", "https://box.example/v1"],
  ["http://localhost:8080/widget/0.1.0/widget.js?x#y", "http://localhost:8080/v1"],
  ["https://example.com/box/widget/latest/widget.js", "https://example.com/box/v1"],
  ["https://example.com/assets/widget.js", undefined],
  ["", undefined],
])("the API of the box that %s came from", (script, api) => {
  expect(apiOf(script)).toBe(api);
});

test("the widget lives in a shadow root with its style, in the element that is named", async () => {
  document.body.innerHTML = '<div id="here"></div>';
  const handle = mount({ element: "#here", publishableKey: "pk_live_x" });
  const host = () => document.querySelector("#here [data-thunderphone]");
  await vi.waitFor(() => expect(host()?.shadowRoot?.querySelector("button")).toBeTruthy());
  handle.unmount();
  expect(document.querySelector("[data-thunderphone]")).toBeNull();
});

test("without an element it goes to the end of the page; destroy takes it away, twice if need be", async () => {
  const handle = mount({ publishableKey: "pk_live_x" });
  await vi.waitFor(() => expect(document.querySelector("[data-thunderphone]")).toBeTruthy());
  handle.destroy();
  handle.destroy();
  expect(document.body.childElementCount).toBe(0);
});

test("an element that is not there is an error that names it", () => {
  expect(() => mount({ element: "#nowhere", publishableKey: "pk_live_x" })).toThrow("#nowhere");
});
