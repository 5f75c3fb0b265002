export { Call } from "./call";
export type { CallSnapshot, ConnectOptions } from "./call";
export type { Caption, Speaker } from "./captions";
export { Failure } from "./failure";
export type { FailureCode } from "./failure";
export { LABELS } from "./labels";
export type { Labels } from "./labels";
export type {
  SessionOptions,
  ThunderPhoneOptions,
  ThunderPhoneWidgetProps,
  WidgetPosition,
  WidgetTheme,
} from "./options";
export type { AgentState, EndedBy, WidgetState } from "./states";
export { ThunderPhoneWidget } from "./ui/ThunderPhoneWidget";
export { useThunderPhone } from "./useThunderPhone";
export type { ThunderPhone } from "./useThunderPhone";
