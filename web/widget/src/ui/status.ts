import type { CallSnapshot } from "../call";
import type { Labels } from "../labels";

/** The state in a word or two, as it is shown and announced. */
export function statusOf(phone: CallSnapshot, labels: Labels): string {
  switch (phone.state) {
    case "idle":
      return labels.talk;
    case "connecting":
      return labels.connecting;
    case "disconnected":
      return labels.ended;
    case "error":
      return labels.failed;
    case "connected":
      if (phone.isReconnecting) return labels.reconnecting;
      if (phone.agentState === "speaking") return labels.speaking;
      if (phone.agentState === "thinking") return labels.thinking;
      if (!phone.hasMicrophone) return labels.connected;
      return phone.isMuted ? labels.muted : labels.listening;
  }
}

/** `0:42`, `12:05`, `1:02:03`. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60];
  const hours = Math.floor(seconds / 3600);
  if (hours) parts.unshift(hours);
  return parts.map((part, place) => (place ? String(part).padStart(2, "0") : part)).join(":");
}
