import { useEffect, useRef, type KeyboardEvent } from "react";

import type { Labels } from "../labels";
import type { ThunderPhone } from "../useThunderPhone";
import { Controls } from "./Controls";
import { Elapsed } from "./Elapsed";
import { AlertIcon, ChevronDownIcon, CloseIcon, SoundIcon, SoundOffIcon } from "./icons";
import { Orb } from "./Orb";
import { clock, statusOf } from "./status";
import { Transcript } from "./Transcript";

interface PanelProps {
  phone: ThunderPhone;
  labels: Labels;
  title: string;
  typing: boolean;
  captions: boolean;
  /** The visitor chose to type: the cursor belongs into the field. */
  typed: boolean;
  onTalk: () => void;
  onType: () => void;
  /** Puts the panel away; a conversation goes on. */
  onClose: () => void;
}

/** The conversation. Not modal: the page beside it stays usable, so the focus is not trapped. */
export function Panel(props: PanelProps) {
  const { phone, labels, title, typing, captions, typed, onClose } = props;
  const panel = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  const live = phone.state === "connecting" || phone.state === "connected";
  useEffect(() => {
    (typed ? (field.current ?? panel.current) : panel.current)?.focus({ preventScroll: true });
  }, [typed]);
  useEffect(() => {
    // A button that had the focus is gone with its state.
    const root = panel.current?.getRootNode() as Document | ShadowRoot | undefined;
    if (!panel.current?.contains(root?.activeElement ?? null)) {
      panel.current?.focus({ preventScroll: true });
    }
  }, [live]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.nativeEvent.isComposing) return;
    event.stopPropagation();
    onClose();
  };
  const name = phone.agentName ?? title;
  const shows = captions && phone.captions.length > 0;
  return (
    <section
      ref={panel}
      className="tbx-panel"
      role="dialog"
      aria-label={title}
      tabIndex={-1}
      onKeyDown={onKeyDown}
    >
      <header className="tbx-header">
        {shows ? <Orb phone={phone} size="small" /> : null}
        <span className="tbx-names">
          <span className="tbx-title">{name}</span>
          <span className="tbx-line">
            <span role="status">{statusOf(phone, labels)}</span>
            {live && phone.connectedAt ? <Elapsed since={phone.connectedAt} /> : null}
            {phone.state === "disconnected" && phone.connectedAt && phone.endedAt ? (
              <span className="tbx-elapsed">{clock(phone.endedAt - phone.connectedAt)}</span>
            ) : null}
          </span>
        </span>
        {phone.state === "connected" ? (
          <button
            type="button"
            className="tbx-plain"
            onClick={() => phone.setSoundOff(!phone.isSoundOff)}
            aria-label={phone.isSoundOff ? labels.soundOn : labels.soundOff}
            title={phone.isSoundOff ? labels.soundOn : labels.soundOff}
          >
            {phone.isSoundOff ? <SoundOffIcon /> : <SoundIcon />}
          </button>
        ) : null}
        <button
          type="button"
          className="tbx-plain"
          onClick={onClose}
          aria-label={live ? labels.minimize : labels.close}
          title={live ? labels.minimize : labels.close}
        >
          {live ? <ChevronDownIcon /> : <CloseIcon />}
        </button>
      </header>
      {shows ? (
        <Transcript captions={phone.captions} labels={labels} agentName={name} />
      ) : phone.state === "error" ? null : (
        <div className="tbx-stage">
          <Orb phone={phone} size="large" />
          <Hint {...props} />
        </div>
      )}
      {phone.needsClick ? (
        <button type="button" className="tbx-notice tbx-ask" onClick={phone.allowSound}>
          <SoundIcon size={18} />
          {labels.allowSound}
        </button>
      ) : null}
      {phone.microphoneFailure ? <Notice text={phone.microphoneFailure.message} /> : null}
      {phone.error ? <Notice text={phone.error} /> : null}
      {live ? (
        <Controls phone={phone} labels={labels} typing={typing} field={field} />
      ) : (
        <Again {...props} />
      )}
    </section>
  );
}

function Notice({ text }: { text: string }) {
  return (
    <p className="tbx-notice" role="alert">
      <AlertIcon size={18} />
      {text}
    </p>
  );
}

function Hint({ phone, labels, typed }: PanelProps) {
  if (phone.state === "connecting" && !typed) {
    return <p className="tbx-hint tbx-later">{labels.allowMicrophone}</p>;
  }
  if (phone.state !== "connected") return null;
  return <p className="tbx-hint">{phone.isMuted ? labels.typeNow : labels.speakNow}</p>;
}

/** What can be done when there is no conversation. */
function Again({ phone, labels, typing, typed, onTalk, onType }: PanelProps) {
  const failure = phone.failure;
  const retries = !failure || failure.mayPass;
  const types = typing && failure?.leavesTyping;
  if (!retries && !types) return null;
  return (
    <div className="tbx-again">
      {types ? (
        <button type="button" className="tbx-action tbx-second" onClick={onType}>
          {labels.type}
        </button>
      ) : null}
      {retries ? (
        <button type="button" className="tbx-action" onClick={typed ? onType : onTalk}>
          {failure ? labels.retry : labels.again}
        </button>
      ) : null}
    </div>
  );
}
