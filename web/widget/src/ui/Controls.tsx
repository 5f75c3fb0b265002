import { useCallback, type RefObject } from "react";

import type { Labels } from "../labels";
import type { ThunderPhone } from "../useThunderPhone";
import { Composer } from "./Composer";
import { HangUpIcon, MicrophoneIcon, MicrophoneOffIcon } from "./icons";
import { useLevel } from "./useLevel";

interface ControlsProps {
  phone: ThunderPhone;
  labels: Labels;
  typing: boolean;
  field: RefObject<HTMLInputElement | null>;
}

/** The row at the bottom of a conversation: microphone, typing, hang up. */
export function Controls({ phone, labels, typing, field }: ControlsProps) {
  const { level } = phone;
  const now = useCallback(() => level("visitor"), [level]);
  const meter = useLevel<HTMLButtonElement>(phone.isMuted ? undefined : now);
  const name = phone.isMuted ? labels.unmute : labels.mute;
  return (
    <div className="tbx-controls">
      <button
        ref={meter}
        type="button"
        className="tbx-round tbx-microphone"
        data-off={phone.isMuted}
        disabled={phone.state !== "connected"}
        onClick={phone.toggleMute}
        aria-label={name}
        title={name}
      >
        {phone.isMuted ? <MicrophoneOffIcon /> : <MicrophoneIcon />}
      </button>
      {typing ? <Composer phone={phone} labels={labels} field={field} /> : null}
      <button
        type="button"
        className="tbx-round tbx-end"
        onClick={phone.disconnect}
        aria-label={labels.hangUp}
        title={labels.hangUp}
      >
        <HangUpIcon />
      </button>
    </div>
  );
}
