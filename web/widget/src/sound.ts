import { ring, ringWith, type Ringtone } from "./ringtone";

/** How loud a track is now. */
interface Meter {
  /** From 0, silence, to 1, as loud as people speak. */
  level(): number;
  close(): void;
}

/** Below this a room is silent; 1 is reached 36 dB above. */
const FLOOR_DB = -54;
const RANGE_DB = 36;

/**
 * What the widget sounds like and how loud both sides are. Everything here is decoration: where a
 * browser has no Web Audio it stays quiet and the conversation goes on.
 */
export class Sound {
  #context: AudioContext | undefined;
  #ringtone: Ringtone | undefined;
  #meters = new Map<string, Meter>();

  /** Begin in the visitor's click: later browsers refuse. */
  wake(): void {
    try {
      this.#context ??= new AudioContext();
      void this.#context.resume().catch(() => undefined);
    } catch {
      this.#context = undefined;
    }
  }

  /** Ring until `hush`. */
  ring(ringtone: boolean | string | undefined): void {
    this.hush();
    if (typeof ringtone === "string" && ringtone !== "" && ringtone !== "default") {
      this.#ringtone = ringWith(ringtone);
    } else if (ringtone && this.#context) {
      this.#ringtone = ring(this.#context);
    }
  }

  hush(): void {
    this.#ringtone?.stop();
    this.#ringtone = undefined;
  }

  /** Measure this track as `name`; `null` ends it. */
  measure(name: string, track: MediaStreamTrack | null): void {
    this.#meters.get(name)?.close();
    this.#meters.delete(name);
    if (track && this.#context) this.#meters.set(name, meter(this.#context, track));
  }

  /** From 0 to 1; 0 for what is not measured. */
  level(name: string): number {
    return this.#meters.get(name)?.level() ?? 0;
  }

  /** Give everything back. */
  close(): void {
    this.hush();
    for (const name of [...this.#meters.keys()]) this.measure(name, null);
    const context = this.#context;
    this.#context = undefined;
    // The ringtone still fades.
    if (context) setTimeout(() => void context.close().catch(() => undefined), 300);
  }
}

function meter(context: AudioContext, track: MediaStreamTrack): Meter {
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      return loudness(samples);
    },
    close() {
      source.disconnect();
    },
  };
}

/** The loudness of samples between -1 and 1, on a scale of 0 to 1 that follows the ear. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length || Number.MIN_VALUE);
  return Math.min(1, Math.max(0, (decibels - FLOOR_DB) / RANGE_DB));
}
