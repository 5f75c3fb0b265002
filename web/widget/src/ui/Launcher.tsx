import type { RefObject } from "react";

import type { Labels } from "../labels";
import type { ThunderPhone } from "../useThunderPhone";
import { Elapsed } from "./Elapsed";
import { HangUpIcon, KeyboardIcon } from "./icons";
import { Orb } from "./Orb";
import { statusOf } from "./status";

interface LauncherProps {
  phone: ThunderPhone;
  labels: Labels;
  title: string;
  typing: boolean;
  button: RefObject<HTMLButtonElement | null>;
  onTalk: () => void;
  onType: () => void;
  onExpand: () => void;
}

/** What is always there: it begins a conversation, or shows the one that runs. */
export function Launcher({
  phone,
  labels,
  title,
  typing,
  button,
  onTalk,
  onType,
  onExpand,
}: LauncherProps) {
  const live = phone.state === "connecting" || phone.state === "connected";
  const line = live ? statusOf(phone, labels) : labels.talk;
  return (
    <div className="tbx-launcher">
      <button
        ref={button}
        type="button"
        className="tbx-start"
        onClick={live ? onExpand : onTalk}
      >
        <Orb phone={phone} size="small" />
        <span className="tbx-names">
          <span className="tbx-title">{title}</span>{" "}
          <span className="tbx-line">
            {line}
            {phone.connectedAt && live ? <Elapsed since={phone.connectedAt} /> : null}
          </span>
          {live ? <span className="tbx-hidden"> {labels.expand}</span> : null}
        </span>
      </button>
      {live ? (
        <button
          type="button"
          className="tbx-round tbx-end"
          onClick={phone.disconnect}
          aria-label={labels.hangUp}
          title={labels.hangUp}
        >
          <HangUpIcon />
        </button>
      ) : typing ? (
        <button
          type="button"
          className="tbx-round tbx-quiet"
          onClick={onType}
          aria-label={`${title}: ${labels.type}`}
          title={labels.type}
        >
          <KeyboardIcon />
        </button>
      ) : null}
    </div>
  );
}
