import { afterEach, expect, test, vi } from "vitest";

import { openSession } from "../src/session";
import { provideRandomUuid } from "../src/uuid";
import { answer, SESSION } from "./fakes";

const OPTIONS = { publishableKey: "pk_live_x", apiBase: "https://box.example/v1/" };
const never = new AbortController().signal;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function fetched(result: () => Promise<Response>) {
  const fetch = vi.fn((_url: string, _request: RequestInit) => result());
  vi.stubGlobal("fetch", fetch);
  return fetch;
}

test("asks the box once, with the key and without cookies", async () => {
  const fetch = fetched(async () => answer(SESSION));
  await expect(openSession(OPTIONS, never)).resolves.toEqual(SESSION);
  const [url, request] = fetch.mock.calls[0]!;
  expect(url).toBe("https://box.example/v1/widget/session");
  expect(request).toMatchObject({
    method: "POST",
    credentials: "omit",
    headers: { "X-API-Key": "pk_live_x", "Content-Type": "application/json" },
    body: "{}",
  });
});

test("tells the box what the page wants the agent to know", async () => {
  const fetch = fetched(async () => answer(SESSION));
  const more = { variables: { name: "Jane" }, context: "Checkout", language: "de", voice: "v" };
  await openSession({ ...OPTIONS, ...more }, never);
  expect(JSON.parse(String(fetch.mock.calls[0]![1].body))).toEqual(more);
});

test.each([
  [{ publishableKey: "", apiBase: "https://box.example/v1" }, "publishableKey is missing"],
  [{ publishableKey: "pk_live_x" }, "apiBase is missing"],
])("nothing is asked without %j", async (options, detail) => {
  const fetch = fetched(async () => answer(SESSION));
  await expect(openSession(options, never)).rejects.toMatchObject({
    error: "not_configured",
    detail: expect.stringContaining(detail),
  });
  expect(fetch).not.toHaveBeenCalled();
});

test("a refusal is a failure with the box's own words", async () => {
  fetched(async () => answer({ error: "domain_not_allowed", message: "Not x.example." }, 403));
  await expect(openSession(OPTIONS, never)).rejects.toMatchObject({
    error: "domain_not_allowed",
    detail: "Not x.example.",
    status: 403,
  });
});

test.each([new Response("<html>"), answer({ token: "t" }), answer(null), answer([])])(
  "an answer without a session is none",
  async (response) => {
    fetched(async () => response);
    await expect(openSession(OPTIONS, never)).rejects.toMatchObject({ error: "server_error" });
  },
);

test("what the agent should know may be an object", async () => {
  const fetch = fetched(async () => answer(SESSION));
  await openSession({ ...OPTIONS, context: { page: "Checkout" } }, never);
  expect(JSON.parse(String(fetch.mock.calls[0]![1].body))).toEqual({
    context: '{"page":"Checkout"}',
  });
});

test("a box that cannot be reached", async () => {
  fetched(async () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(openSession(OPTIONS, never)).rejects.toMatchObject({ error: "network" });
});

test("a box that is there, and shows this page no answer", async () => {
  const fetch = vi.fn(async (url: string, request: RequestInit) => {
    if (request.mode === "no-cors") return new Response(null);
    throw new TypeError(`Failed to fetch ${url}`);
  });
  vi.stubGlobal("fetch", fetch);
  await expect(openSession(OPTIONS, never)).rejects.toMatchObject({
    error: "domain_not_allowed",
    detail: expect.stringContaining("allowed_domains"),
  });
  expect(fetch.mock.lastCall![0]).toBe("https://box.example/v1/healthz");
});

test("a box that does not answer within 15 seconds", async () => {
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (_url: string, { signal }: RequestInit) => {
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(new DOMException("Late", "AbortError")));
    });
  });
  const asked = expect(openSession(OPTIONS, never)).rejects.toMatchObject({ error: "network" });
  await vi.advanceTimersByTimeAsync(15_000);
  await asked;
});

test("a page without https can still name what it sends", () => {
  const bare = { getRandomValues: (into: Uint8Array) => into.fill(255) } as unknown as Crypto;
  provideRandomUuid(bare);
  expect(bare.randomUUID()).toBe("ffffffff-ffff-4fff-bfff-ffffffffffff");
  const own = { randomUUID: () => "own" } as unknown as Crypto;
  provideRandomUuid(own);
  expect(own.randomUUID()).toBe("own");
});
