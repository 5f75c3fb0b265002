import { Failure, asFailure, failureOfAnswer } from "./failure";
import type { SessionOptions } from "./options";

/** Where the conversation takes place; `token` opens one room for a short time. */
export interface Session {
  call_id: number;
  token: string;
  room_name: string;
  server_url: string;
  agent_name: string;
}

const TIMEOUT_MS = 15_000;
const NOT_LET_IN =
  "The box is there, but did not let this page ask. " +
  "Do the allowed_domains of the publishable key name this page's host?";

/**
 * Ask the box for a session: `POST {apiBase}/widget/session`.
 *
 * @throws Failure, also when `signal` was aborted.
 */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  if (!options.publishableKey) {
    throw new Failure("not_configured", { detail: "publishableKey is missing." });
  }
  if (!options.apiBase) {
    throw new Failure("not_configured", {
      detail: "apiBase is missing; it is the address of your ThunderBox with /v1 at its end.",
    });
  }
  const base = options.apiBase.replace(/\/+$/, "");
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), TIMEOUT_MS);
  const stop = () => late.abort();
  signal.addEventListener("abort", stop, { once: true });
  try {
    const answer = await fetch(`${base}/widget/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-API-Key": options.publishableKey },
      body: JSON.stringify(detailsOf(options)),
      // A key is all that identifies a page: no cookies, no address of the page beyond its origin.
      credentials: "omit",
      referrerPolicy: "strict-origin",
      signal: late.signal,
    });
    const body: unknown = await answer.json().catch(() => null);
    if (!answer.ok) throw failureOfAnswer(answer.status, body);
    if (!isSession(body)) {
      throw new Failure("server_error", {
        status: answer.status,
        detail: "The answer holds no session; is apiBase the address of a ThunderBox, with /v1?",
      });
    }
    return body;
  } catch (error) {
    const refused = error instanceof TypeError && (await isThere(base, late.signal));
    if (refused) throw new Failure("domain_not_allowed", { detail: NOT_LET_IN });
    throw asFailure(error, "network");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

/**
 * Whether the box answers at all. A box that does not let a page ask shows it no answer, which looks
 * like a broken network; this question needs no permission, and its answer cannot be read.
 */
async function isThere(base: string, signal: AbortSignal): Promise<boolean> {
  try {
    await fetch(`${base}/healthz`, { mode: "no-cors", credentials: "omit", signal });
    return true;
  } catch {
    return false;
  }
}

function detailsOf({ variables, context, language, voice }: SessionOptions): object {
  const text = context && typeof context === "object" ? JSON.stringify(context) : context;
  return { variables, context: text, language, voice };
}

function isSession(body: unknown): body is Session {
  const session = body as Partial<Session> | null;
  return typeof session?.token === "string" && typeof session.server_url === "string";
}
