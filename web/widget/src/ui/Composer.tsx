import { useState, type FormEvent, type RefObject } from "react";

import type { Labels } from "../labels";
import type { ThunderPhone } from "../useThunderPhone";
import { SendIcon } from "./icons";

const LONGEST = 2000;

interface ComposerProps {
  phone: ThunderPhone;
  labels: Labels;
  field: RefObject<HTMLInputElement | null>;
}

/** Say it in writing. What could not be sent stays in the field. */
export function Composer({ phone, labels, field }: ComposerProps) {
  const [text, setText] = useState("");
  const ready = phone.state === "connected" && !phone.isReconnecting;
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!ready || !text.trim()) return;
    setText("");
    void phone.sendText(text).then((sent) => {
      if (!sent) setText((typed) => typed || text);
    });
  };
  return (
    <form className="tbx-composer" onSubmit={send}>
      <input
        ref={field}
        className="tbx-field"
        type="text"
        value={text}
        onChange={({ target }) => setText(target.value)}
        placeholder={labels.messagePlaceholder}
        aria-label={labels.message}
        maxLength={LONGEST}
        autoComplete="off"
        enterKeyHint="send"
      />
      <button
        type="submit"
        className="tbx-send"
        aria-disabled={!ready || !text.trim()}
        aria-label={labels.send}
        title={labels.send}
      >
        <SendIcon size={18} />
      </button>
    </form>
  );
}
