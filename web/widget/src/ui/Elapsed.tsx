import { useEffect, useState } from "react";

import { clock } from "./status";

/** How long a conversation has lasted; not read out, for it changes every second. */
export function Elapsed({ since }: { since: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="tbx-elapsed" aria-hidden="true">
      {clock(now - since)}
    </span>
  );
}
