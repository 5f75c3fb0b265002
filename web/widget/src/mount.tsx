import { createRoot } from "react-dom/client";

import type { ThunderPhoneWidgetProps } from "./options";
import { ThunderPhoneWidget } from "./ui/ThunderPhoneWidget";

/** What `ThunderPhone.mount` takes: all of the component's, and the element. */
export interface MountOptions extends ThunderPhoneWidgetProps {
  /** An element or a CSS selector; without one the widget goes to the end of the page. */
  element?: Element | string | null | undefined;
}

/** A mounted widget; both take it away and end its conversation. */
export interface MountHandle {
  unmount(): void;
  destroy(): void;
}

/** The API of the box that this script came from. Only known while the script runs first. */
const OWN_API = apiOf((document.currentScript as HTMLScriptElement | null)?.src ?? "");

/**
 * Put the widget on a page.
 *
 * @throws Error when there is no such element.
 */
export function mount({ element, ...props }: MountOptions): MountHandle {
  const place = typeof element === "string" ? document.querySelector(element) : element;
  if (element && !place) throw new Error(`ThunderPhone.mount: there is no element ${element}.`);
  const host = document.createElement("div");
  (place ?? document.body).append(host);
  const root = createRoot(host);
  root.render(<ThunderPhoneWidget {...props} apiBase={props.apiBase ?? OWN_API} />);
  const unmount = () => {
    root.unmount();
    host.remove();
  };
  return { unmount, destroy: unmount };
}

/** `https://box.example/v1` of `https://box.example/widget/latest/widget.js`. */
export function apiOf(script: string): string | undefined {
  const found = /^(https?:\/\/.+)\/widget\/[^/]+\/widget\.js(?:[?#].*)?$/.exec(script);
  return found ? `${found[1]}/v1` : undefined;
}
