import type { Failure } from "./failure";
import type { Labels } from "./labels";

/** Where the widget stands on the page; `inline` puts it where its element is. */
export type WidgetPosition =
  | "bottom-right"
  | "bottom-left"
  | "top-right"
  | "top-left"
  | "inline";

/** `auto` follows what the visitor's system prefers. */
export type WidgetTheme = "light" | "dark" | "auto";

/** What a session is opened with; the box checks all of it. */
export interface SessionOptions {
  /** The key that the page shows: `pk_live_…`. */
  publishableKey: string;
  /** The API of the box, with `/v1`; a script that came from a box knows its own. */
  apiBase?: string | undefined;
  /** Values for the `{{placeholders}}` of the agent's prompt. */
  variables?: Record<string, string | number | boolean> | undefined;
  /** What the agent should know about this visitor or page. */
  context?: string | Record<string, unknown> | undefined;
  /** The language to talk in, such as `en` or `de-DE`; otherwise the agent's own. */
  language?: string | undefined;
  /** A voice of `GET /v1/voices`; otherwise the agent's own. */
  voice?: string | undefined;
}

/** What `useThunderPhone` takes. */
export interface ThunderPhoneOptions extends SessionOptions {
  /** The agent answered. */
  onConnect?: (() => void) | undefined;
  /** A conversation that was connected is over, whoever ended it. */
  onDisconnect?: (() => void) | undefined;
  /** Something failed; `message` is a sentence for the visitor. */
  onError?: ((error: Failure) => void) | undefined;
  /** Ring until the agent answers: `true` for a tone made here, or the URL of a sound. */
  ringtone?: boolean | string | undefined;
}

/** What the widget itself takes. */
export interface ThunderPhoneWidgetProps extends ThunderPhoneOptions {
  /** Default `bottom-right`. */
  position?: WidgetPosition | undefined;
  /** Any CSS colour; default `#4f46e5`. What stands on it becomes black or white by contrast. */
  primaryColor?: string | undefined;
  /** Default `Voice assistant`. */
  title?: string | undefined;
  /** Default `light`. */
  theme?: WidgetTheme | undefined;
  /** Whether visitors may type; default `true`. */
  typing?: boolean | undefined;
  /** Whether what is said is shown; default `true`. */
  captions?: boolean | undefined;
  /** Other words for the widget's own, to translate it. */
  labels?: Partial<Labels> | undefined;
  /** A class for the outermost element, to set custom properties such as `--tbx-font`. */
  className?: string | undefined;
}
