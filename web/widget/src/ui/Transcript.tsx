import { useEffect, useRef } from "react";

import type { Caption } from "../captions";
import type { Labels } from "../labels";

interface TranscriptProps {
  captions: readonly Caption[];
  labels: Labels;
  agentName: string;
}

const NEAR_PX = 48;

/**
 * What was said. Screen readers are told of sentences when they are whole: those stand in the live
 * log, and what is still being spoken stands below it.
 */
export function Transcript({ captions, labels, agentName }: TranscriptProps) {
  const place = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  useEffect(() => {
    const element = place.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  }, [captions]);
  const open = captions.findIndex(({ final }) => !final);
  const whole = open < 0 ? captions : captions.slice(0, open);
  const spoken = open < 0 ? [] : captions.slice(open);
  const said = (caption: Caption) => (
    <p
      key={caption.id}
      className="tbx-said"
      data-speaker={caption.speaker}
      data-final={caption.final}
      aria-live={caption.speaker === "visitor" ? "off" : undefined}
    >
      <span className="tbx-hidden">{caption.speaker === "visitor" ? labels.you : agentName}: </span>
      {caption.text}
    </p>
  );
  return (
    <div
      ref={place}
      className="tbx-transcript"
      tabIndex={0}
      role="group"
      aria-label={labels.conversation}
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < NEAR_PX;
      }}
    >
      <div className="tbx-log" role="log" aria-live="polite">
        {whole.map(said)}
      </div>
      {spoken.map(said)}
    </div>
  );
}
