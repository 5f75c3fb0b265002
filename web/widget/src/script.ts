import { version } from "../package.json";
import { mount } from "./mount";

/** What pages without a bundler find: `ThunderPhone.mount({publishableKey: "pk_live_…"})`. */
const ThunderPhone = { mount, version };

declare global {
  interface Window {
    ThunderPhone: typeof ThunderPhone;
  }
}

window.ThunderPhone = ThunderPhone;
