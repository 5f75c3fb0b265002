/** Two soft tones, 0.4 s each, then a pause, until it is stopped: made here, nothing is loaded. */
export interface Ringtone {
  stop(): void;
}

const RING_EVERY_S = 3;
const TONES_HZ = [587.33, 880];
const TONE_S = 0.4;
const LOUDNESS = 0.06;
const FADE_S = 0.15;
/** Nobody waits longer for an answer. */
const RINGS = 20;

/** Ring through this context; every tone is scheduled at once, so no timer has to run. */
export function ring(context: AudioContext): Ringtone {
  const volume = context.createGain();
  volume.connect(context.destination);
  const start = context.currentTime + 0.05;
  const tones: OscillatorNode[] = [];
  for (let count = 0; count < RINGS; count += 1) {
    TONES_HZ.forEach((frequency, place) => {
      const from = start + count * RING_EVERY_S + place * TONE_S * 0.6;
      tones.push(tone(context, volume, frequency, from));
    });
  }
  return {
    stop() {
      const now = context.currentTime;
      volume.gain.setValueAtTime(volume.gain.value, now);
      volume.gain.linearRampToValueAtTime(0, now + FADE_S);
      for (const one of tones) one.stop(now + FADE_S);
      const last = tones.at(-1);
      if (last) last.onended = () => volume.disconnect();
    },
  };
}

function tone(context: AudioContext, out: AudioNode, frequency: number, from: number) {
  const oscillator = context.createOscillator();
  const shape = context.createGain();
  oscillator.frequency.value = frequency;
  shape.gain.setValueAtTime(0, from);
  shape.gain.linearRampToValueAtTime(LOUDNESS, from + 0.03);
  shape.gain.exponentialRampToValueAtTime(0.0001, from + TONE_S);
  oscillator.connect(shape).connect(out);
  oscillator.start(from);
  oscillator.stop(from + TONE_S);
  return oscillator;
}

/** Ring with a sound of the page's own. */
export function ringWith(url: string): Ringtone {
  const audio = new Audio(url);
  audio.loop = true;
  audio.play().catch(() => undefined); // a page without the sound rings silently
  return {
    stop() {
      audio.pause();
      audio.removeAttribute("src");
    },
  };
}
