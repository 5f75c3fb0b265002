import { vi } from "vitest";
import type { LocalAudioTrack, Room, TextStreamReader } from "livekit-client";

import type { Sound } from "../src/sound";

type Listener = (...details: never[]) => void;
type Handler = (reader: TextStreamReader, from: { identity: string }) => void;

/** LiveKit's Room, as far as the widget uses it, without a network. */
export class FakeRoom {
  listeners = new Map<string, Listener[]>();
  handlers = new Map<string, Handler>();
  remoteParticipants = new Map<string, unknown>();
  canPlaybackAudio = true;
  connect = vi.fn(async (_url: string, _token: string) => undefined);
  disconnect = vi.fn(async () => undefined);
  startAudio = vi.fn(async () => undefined);
  localParticipant = {
    identity: "visitor",
    trackPublications: new Map([["TR_mic", {}]]),
    publishTrack: vi.fn(async (_track: unknown, _options: unknown) => undefined),
    sendText: vi.fn(async (_text: string, _options: unknown) => undefined),
  };

  on(event: string, listener: Listener): this {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener]);
    return this;
  }

  emit(event: string, ...details: unknown[]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(...(details as never[]));
  }

  registerTextStreamHandler(topic: string, handler: Handler): void {
    this.handlers.set(topic, handler);
  }

  /** A text stream on `lk.transcription`, a chunk at a time. */
  async say(identity: string, attributes: object, ...chunks: string[]): Promise<void> {
    const reader = {
      info: { id: "stream", attributes },
      async *[Symbol.asyncIterator]() {
        yield* chunks;
      },
    };
    this.handlers.get("lk.transcription")?.(reader as never, { identity });
    await settled();
  }

  get asRoom(): Room {
    return this as unknown as Room;
  }
}

export function fakeMicrophone() {
  return { mute: vi.fn(), unmute: vi.fn(), stop: vi.fn(), mediaStreamTrack: {} };
}

export type FakeMicrophone = ReturnType<typeof fakeMicrophone>;

export function asTrack(microphone: FakeMicrophone): LocalAudioTrack {
  return microphone as unknown as LocalAudioTrack;
}

export function fakeSound() {
  const fake = { wake: vi.fn(), ring: vi.fn(), hush: vi.fn(), measure: vi.fn(), close: vi.fn() };
  return { ...fake, level: vi.fn(() => 0.5) };
}

export function asSound(sound: ReturnType<typeof fakeSound>): Sound {
  return sound as unknown as Sound;
}

export function agent(state?: string) {
  const attributes: Record<string, string> = state ? { "lk.agent.state": state } : {};
  return { identity: "agent", isLocal: false, attributes };
}

/** Everything that was promised so far has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 30; turn += 1) await Promise.resolve();
}

export const SESSION = {
  call_id: 5001,
  token: "token",
  room_name: "widget-5001",
  server_url: "wss://box.example",
  agent_name: "Reception",
};

export function answer(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status });
}

/** A browser that allowed, or forbids, the microphone. */
export function browserWith(permission: "granted" | "prompt"): void {
  vi.stubGlobal("RTCPeerConnection", class {});
  vi.stubGlobal("matchMedia", () => ({ matches: true }));
  Object.defineProperty(navigator, "mediaDevices", {
    value: { getUserMedia: vi.fn() },
    configurable: true,
  });
  Object.defineProperty(navigator, "permissions", {
    value: { query: async () => ({ state: permission }) },
    configurable: true,
  });
}
