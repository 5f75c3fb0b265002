import { createElement, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import type { ReactNode, RefObject } from "react";

import { Call, type CallSnapshot } from "./call";
import type { ThunderPhoneOptions } from "./options";

/** A conversation and what can be done with it. */
export interface ThunderPhone
  extends CallSnapshot,
    Pick<
      Call,
      | "connect"
      | "disconnect"
      | "setMuted"
      | "toggleMute"
      | "setSoundOff"
      | "allowSound"
      | "sendText"
      | "level"
    > {
  /** What went wrong, as a sentence for the visitor. */
  readonly error: string | undefined;
  /** The louder of both sides now, from 0 to 1; reading it causes no rendering. */
  readonly audioLevelRef: RefObject<number>;
  /** Render it to say where the agent's `<audio>` goes; it cannot be seen. */
  readonly audio: ReactNode;
}

/** The widget without its looks, for an interface of your own. */
export function useThunderPhone(options: ThunderPhoneOptions): ThunderPhone {
  const [call] = useState(() => new Call(options));
  useEffect(() => {
    call.options = options;
  });
  useEffect(() => call.close, [call]);
  const seen = useSyncExternalStore(call.subscribe, call.snapshot, call.snapshot);
  const fixed = useMemo(
    () => ({
      connect: call.connect,
      disconnect: call.disconnect,
      setMuted: call.setMuted,
      toggleMute: call.toggleMute,
      setSoundOff: call.setSoundOff,
      allowSound: call.allowSound,
      sendText: call.sendText,
      level: call.level,
      audioLevelRef: {
        get current() {
          return Math.max(call.level("visitor"), call.level("agent"));
        },
      },
      audio: createElement("div", { ref: call.house, hidden: true, key: "thunderphone-audio" }),
    }),
    [call],
  );
  return { ...seen, ...fixed, error: seen.failure?.message };
}
