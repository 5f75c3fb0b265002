import { useEffect, useRef, type RefObject } from "react";

const FALLS_BY = 0.88;

/**
 * Write a level from 0 to 1 into `--tbx-level` of an element at every frame, without rendering.
 * Nothing moves for visitors who asked their system for less motion.
 */
export function useLevel<T extends HTMLElement>(level: (() => number) | undefined): RefObject<T | null> {
  const place = useRef<T>(null);
  useEffect(() => {
    const element = place.current;
    if (!element || !level || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let shown = 0;
    let frame = requestAnimationFrame(function draw() {
      shown = Math.max(level(), shown * FALLS_BY);
      element.style.setProperty("--tbx-level", shown.toFixed(3));
      frame = requestAnimationFrame(draw);
    });
    return () => {
      cancelAnimationFrame(frame);
      element.style.removeProperty("--tbx-level");
    };
  }, [level]);
  return place;
}
