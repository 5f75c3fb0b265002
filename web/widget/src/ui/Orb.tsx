import { useCallback } from "react";

import type { ThunderPhone } from "../useThunderPhone";
import { useLevel } from "./useLevel";

/** What the orb shows. */
export type Mood = "still" | "ringing" | "listening" | "thinking" | "speaking";

export function moodOf(phone: ThunderPhone): Mood {
  if (phone.state === "connecting" || phone.isReconnecting) return "ringing";
  if (phone.state !== "connected") return "still";
  return phone.agentState ?? "listening";
}

/** The agent as a circle with a voice: it moves with whoever speaks. */
export function Orb({ phone, size }: { phone: ThunderPhone; size: "small" | "large" }) {
  const mood = moodOf(phone);
  const { level } = phone;
  const side = mood === "speaking" ? "agent" : "visitor";
  const now = useCallback(() => level(side), [level, side]);
  const moves = mood === "speaking" || mood === "listening";
  const place = useLevel<HTMLSpanElement>(moves ? now : undefined);
  return (
    <span ref={place} className={`tbx-orb tbx-orb-${size}`} data-mood={mood} aria-hidden="true">
      <span className="tbx-bar" />
      <span className="tbx-bar" />
      <span className="tbx-bar" />
      <span className="tbx-bar" />
      <span className="tbx-bar" />
    </span>
  );
}
