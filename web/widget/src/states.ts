/** `disconnected` is a conversation that is over; `idle` none that ever was. */
export type WidgetState = "idle" | "connecting" | "connected" | "disconnected" | "error";

/** What the agent is doing. */
export type AgentState = "listening" | "thinking" | "speaking";

/** Who ended a conversation. */
export type EndedBy = "visitor" | "agent";
