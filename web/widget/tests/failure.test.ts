import { describe, expect, test } from "vitest";

import { asFailure, Failure, failureOfAnswer, failureOfMicrophone } from "../src/failure";

describe("an answer of the box", () => {
  test.each([
    [400, {}, "not_configured"],
    [401, { detail: "No." }, "invalid_key"],
    [402, {}, "payment_required"],
    [403, { error: "domain_not_allowed", message: "x.example may not." }, "domain_not_allowed"],
    [403, { code: "domain_not_allowed", detail: "x.example may not." }, "domain_not_allowed"],
    [403, { detail: "The key is disabled." }, "not_available"],
    [404, null, "not_available"],
    [429, {}, "too_many_requests"],
    [503, {}, "busy"],
    [500, "oops", "server_error"],
    [418, [], "server_error"],
  ])("%i %j", (status, body, expected) => {
    const failure = failureOfAnswer(status, body);
    expect(failure.error).toBe(expected);
    expect(failure.status).toBe(status);
    expect(failure.message).toMatch(/^[A-Z].+\.$/);
  });

  test("keeps what the box said for developers", () => {
    expect(failureOfAnswer(403, { message: "The key is disabled." }).detail).toBe(
      "The key is disabled.",
    );
    expect(failureOfAnswer(500, { detail: 7 }).detail).toBeUndefined();
  });
});

test.each([
  ["NotAllowedError", "microphone_denied"],
  ["SecurityError", "microphone_denied"],
  ["NotFoundError", "microphone_missing"],
  ["OverconstrainedError", "microphone_missing"],
  ["NotReadableError", "microphone_busy"],
  ["AbortError", "microphone_busy"],
])("a microphone that is not given: %s", (name, expected) => {
  const failure = failureOfMicrophone(new DOMException("No.", name));
  expect(failure.error).toBe(expected);
  expect(failure.leavesTyping).toBe(true);
  expect(failure.mayPass).toBe(true);
});

test("some failures are for the owner of the page, and stay", () => {
  expect(new Failure("domain_not_allowed").mayPass).toBe(false);
  expect(new Failure("invalid_key").mayPass).toBe(false);
  expect(new Failure("busy").mayPass).toBe(true);
  expect(new Failure("busy").leavesTyping).toBe(false);
});

test("a failure stays what it is, anything else becomes one", () => {
  const failure = new Failure("busy");
  expect(asFailure(failure, "network")).toBe(failure);
  expect(asFailure(new TypeError("Failed to fetch"), "network")).toMatchObject({
    error: "network",
    detail: "TypeError: Failed to fetch",
  });
});
