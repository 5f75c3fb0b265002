import { useEffect, useRef, useState, type ReactNode } from "react";
import { createPortal } from "react-dom";

import style from "../style.css?inline";

/**
 * An element whose children neither take the page's styles nor give it theirs. On a server, and
 * until the page has taken over, it is empty.
 */
export function Shadow({ className, children }: { className?: string; children: ReactNode }) {
  const host = useRef<HTMLDivElement>(null);
  const [shadow, setShadow] = useState<ShadowRoot | null>(null);
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    setShadow(element.shadowRoot ?? dressed(element.attachShadow({ mode: "open" })));
  }, []);
  return (
    <div ref={host} className={className} data-thunderphone="">
      {shadow ? createPortal(children, shadow) : null}
    </div>
  );
}

/** A constructed style sheet needs no permission of the page's Content-Security-Policy. */
function dressed(root: ShadowRoot): ShadowRoot {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(style);
    root.adoptedStyleSheets = [sheet];
  } catch {
    const element = document.createElement("style");
    element.textContent = style;
    root.append(element);
  }
  return root;
}
