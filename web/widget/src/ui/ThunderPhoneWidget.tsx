import { useCallback, useEffect, useRef, useState } from "react";

import { LABELS } from "../labels";
import type { ThunderPhoneWidgetProps } from "../options";
import { useThunderPhone } from "../useThunderPhone";
import { INDIGO, inkOn, rgbOf } from "./colors";
import { Launcher } from "./Launcher";
import { Panel } from "./Panel";
import { Shadow } from "./Shadow";

/** A button in a corner of the page that lets visitors talk, or type, with an agent. */
export function ThunderPhoneWidget(props: ThunderPhoneWidgetProps) {
  const {
    position = "bottom-right",
    primaryColor,
    title = "Voice assistant",
    theme = "light",
    typing = true,
    captions = true,
    className,
  } = props;
  const labels = { ...LABELS, ...props.labels };
  const phone = useThunderPhone(props);
  const [open, setOpen] = useState(false);
  const [typed, setTyped] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);

  const paint = useCallback(
    (root: HTMLDivElement | null) => {
      // Not a style attribute: a strict Content-Security-Policy forbids those.
      const color = primaryColor && rgbOf(primaryColor) ? primaryColor : INDIGO;
      root?.style.setProperty("--tbx-primary", color);
      root?.style.setProperty("--tbx-ink", inkOn(rgbOf(color) ?? [79, 70, 229]));
    },
    [primaryColor],
  );

  useEffect(() => {
    if (wasOpen.current && !open) button.current?.focus({ preventScroll: true });
    wasOpen.current = open;
  }, [open]);

  useEffect(() => {
    if (phone.state === "idle") setOpen(false);
    if (phone.state === "error") setOpen(true);
  }, [phone.state]);

  const begin = (microphone: boolean) => {
    setTyped(!microphone);
    setOpen(true);
    void phone.connect({ microphone });
  };
  const talk = () => begin(true);
  const type = () => begin(false);
  return (
    <Shadow className={className}>
      <div
        ref={paint}
        className="tbx"
        data-position={position}
        data-theme={theme}
        data-state={phone.state}
        data-agent={phone.agentState}
      >
        {open ? (
          <Panel
            phone={phone}
            labels={labels}
            title={title}
            typing={typing}
            captions={captions}
            typed={typed}
            onTalk={talk}
            onType={type}
            onClose={() => setOpen(false)}
          />
        ) : (
          <Launcher
            phone={phone}
            labels={labels}
            title={title}
            typing={typing}
            button={button}
            onTalk={talk}
            onType={type}
            onExpand={() => setOpen(true)}
          />
        )}
        {phone.audio}
      </div>
    </Shadow>
  );
}
