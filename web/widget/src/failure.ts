/** Why a conversation could not begin, or broke. */
export type FailureCode =
  | "unsupported"
  | "insecure_page"
  | "microphone_denied"
  | "microphone_missing"
  | "microphone_busy"
  | "not_configured"
  | "invalid_key"
  | "payment_required"
  | "domain_not_allowed"
  | "not_available"
  | "too_many_requests"
  | "busy"
  | "network"
  | "no_answer"
  | "connection_lost"
  | "server_error";

const SENTENCES: Record<FailureCode, string> = {
  unsupported: "This browser cannot take part in voice conversations. Please try a newer one.",
  insecure_page: "The microphone only works on a secure page. You can type instead.",
  microphone_denied:
    "The microphone is blocked. Allow it in your browser's address bar and try again, or type instead.",
  microphone_missing: "No microphone was found. Connect one and try again, or type instead.",
  microphone_busy:
    "The microphone is in use by another program. Close it and try again, or type instead.",
  not_configured: "This assistant is not set up yet.",
  invalid_key: "This assistant is not set up correctly.",
  payment_required: "This assistant is not available at the moment.",
  domain_not_allowed: "This assistant is not set up for this website.",
  not_available: "This assistant is not available at the moment.",
  too_many_requests: "Too many conversations were started. Please try again in a minute.",
  busy: "All lines are busy. Please try again in a moment.",
  network: "The assistant cannot be reached. Check your internet connection and try again.",
  no_answer: "The assistant did not answer. Please try again.",
  connection_lost: "The connection was lost.",
  server_error: "Something went wrong on our side. Please try again.",
};

interface Particulars {
  detail?: string | undefined;
  status?: number | undefined;
}

/** What went wrong: `error` for programs, `message` for visitors, `detail` for developers. */
export class Failure extends Error {
  override readonly name = "ThunderPhoneError";
  readonly error: FailureCode;
  /** What the box or the browser said. */
  readonly detail: string | undefined;
  /** The HTTP status of the box's answer. */
  readonly status: number | undefined;

  constructor(error: FailureCode, { detail, status }: Particulars = {}) {
    super(SENTENCES[error]);
    this.error = error;
    this.detail = detail;
    this.status = status;
  }

  /** Whether the visitor could go on without a microphone. */
  get leavesTyping(): boolean {
    return this.error.startsWith("microphone_") || this.error === "insecure_page";
  }

  /** Whether to try the same again makes sense. */
  get mayPass(): boolean {
    return !LASTING.has(this.error);
  }
}

const LASTING: ReadonlySet<FailureCode> = new Set([
  "unsupported",
  "insecure_page",
  "not_configured",
  "invalid_key",
  "domain_not_allowed",
]);

const BY_STATUS: Record<number, FailureCode> = {
  400: "not_configured",
  401: "invalid_key",
  402: "payment_required",
  403: "not_available",
  404: "not_available",
  422: "not_configured",
  429: "too_many_requests",
  503: "busy",
};

/** An answer of the box that is no session. `body` is whatever JSON it was. */
export function failureOfAnswer(status: number, body: unknown): Failure {
  const detail = sentenceOf(body);
  const named = fieldOf(body, "error") ?? fieldOf(body, "code");
  if (status === 403 && named === "domain_not_allowed") {
    return new Failure("domain_not_allowed", { status, detail });
  }
  return new Failure(BY_STATUS[status] ?? "server_error", { status, detail });
}

/** What the browser says when it gives no microphone. */
export function failureOfMicrophone(error: unknown): Failure {
  const detail = describe(error);
  switch (error instanceof Error || error instanceof DOMException ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return new Failure("microphone_denied", { detail });
    case "NotFoundError":
    case "OverconstrainedError":
      return new Failure("microphone_missing", { detail });
    default:
      return new Failure("microphone_busy", { detail });
  }
}

/** The error as a Failure; what is none becomes `otherwise`. */
export function asFailure(error: unknown, otherwise: FailureCode): Failure {
  return error instanceof Failure ? error : new Failure(otherwise, { detail: describe(error) });
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function fieldOf(body: unknown, name: string): string | undefined {
  const value: unknown = typeof body === "object" && body !== null && (body as never)[name];
  return typeof value === "string" ? value : undefined;
}

function sentenceOf(body: unknown): string | undefined {
  return fieldOf(body, "message") ?? fieldOf(body, "detail") ?? fieldOf(body, "error");
}
