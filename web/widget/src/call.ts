import {
  createLocalAudioTrack,
  LogLevel,
  Room,
  setLogLevel,
  type LocalAudioTrack,
} from "livekit-client";

import { Captions, type Caption } from "./captions";
import { Failure, asFailure, failureOfMicrophone } from "./failure";
import { canTalk, Line, type LineEvents } from "./line";
import type { ThunderPhoneOptions } from "./options";
import { openSession, type Session } from "./session";
import { Sound } from "./sound";
import type { AgentState, EndedBy, WidgetState } from "./states";
import { provideRandomUuid } from "./uuid";

/** All that can be seen of a call. A new object with every change. */
export interface CallSnapshot {
  readonly state: WidgetState;
  /** What the agent is doing; `undefined` while there is none. */
  readonly agentState: AgentState | undefined;
  /** The network is gone for a moment; the conversation waits. */
  readonly isReconnecting: boolean;
  /** The agent does not hear the visitor: muted, or without a microphone. */
  readonly isMuted: boolean;
  readonly hasMicrophone: boolean;
  /** The visitor does not hear the agent, by choice. */
  readonly isSoundOff: boolean;
  /** The browser plays nothing before another click: call `allowSound` in one. */
  readonly needsClick: boolean;
  readonly agentName: string | undefined;
  readonly callId: number | undefined;
  readonly captions: readonly Caption[];
  readonly failure: Failure | undefined;
  /** Why the microphone could not be turned on during the conversation. */
  readonly microphoneFailure: Failure | undefined;
  /** Milliseconds since 1970. */
  readonly connectedAt: number | undefined;
  readonly endedAt: number | undefined;
  readonly endedBy: EndedBy | undefined;
}

/**
 * What a call needs of the browser; tests give others.
 *
 * @internal
 */
export interface Surroundings {
  room(): Room;
  microphone(): Promise<LocalAudioTrack>;
  sound: Sound;
}

export interface ConnectOptions {
  /** `false` begins a conversation in writing; the microphone may be turned on later. */
  microphone?: boolean | undefined;
}

const ANSWER_WITHIN_MS = 20_000;
const IDLE: CallSnapshot = {
  state: "idle",
  agentState: undefined,
  isReconnecting: false,
  isMuted: true,
  hasMicrophone: false,
  isSoundOff: false,
  needsClick: false,
  agentName: undefined,
  callId: undefined,
  captions: [],
  failure: undefined,
  microphoneFailure: undefined,
  connectedAt: undefined,
  endedAt: undefined,
  endedBy: undefined,
};

function browser(): Surroundings {
  setLogLevel(LogLevel.warn);
  if (typeof crypto !== "undefined") provideRandomUuid(crypto);
  return {
    room: () => new Room({ stopLocalTrackOnUnpublish: true }),
    microphone: () =>
      createLocalAudioTrack({
        autoGainControl: true,
        echoCancellation: true,
        noiseSuppression: true,
      }),
    sound: new Sound(),
  };
}

/** One conversation after another with the agent of one key. No framework, no elements to see. */
export class Call {
  options: ThunderPhoneOptions;
  readonly #around: Surroundings;
  readonly #listeners = new Set<() => void>();
  #seen: CallSnapshot = IDLE;
  #attempt: AbortController | undefined;
  #line: Line | undefined;
  #captions = new Captions();
  #microphone: LocalAudioTrack | undefined;
  #voice: HTMLMediaElement | undefined;
  #home: HTMLElement | null = null;

  constructor(options: ThunderPhoneOptions);
  /** @internal */
  constructor(options: ThunderPhoneOptions, around: Surroundings);
  constructor(options: ThunderPhoneOptions, around: Surroundings = browser()) {
    this.options = options;
    this.#around = around;
  }

  /** Be told of every change. Returns what ends that. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly snapshot = (): CallSnapshot => this.#seen;

  /** Where the agent's `<audio>` goes; without one it goes to the end of the page. */
  readonly house = (element: HTMLElement | null): void => {
    this.#home = element;
    if (element && this.#voice) element.append(this.#voice);
  };

  /** How loud a side is now, from 0 to 1. Ask as often as you draw. */
  readonly level = (side: "visitor" | "agent"): number =>
    side === "visitor" && this.#seen.isMuted ? 0 : this.#around.sound.level(side);

  /** Begin a conversation, in the visitor's click. What fails is in the snapshot. */
  readonly connect = async (how?: ConnectOptions): Promise<void> => {
    if (this.#seen.state === "connecting" || this.#seen.state === "connected") return;
    const attempt = new AbortController();
    this.#attempt = attempt;
    this.#captions = new Captions();
    this.#show({ ...IDLE, isSoundOff: this.#seen.isSoundOff, state: "connecting" });
    // Sound takes a moment to wake; the browser looks for the microphone meanwhile.
    const dialled = this.#dial(attempt.signal, how?.microphone !== false);
    this.#around.sound.wake();
    this.#around.sound.ring(this.options.ringtone);
    try {
      await dialled;
    } catch (error) {
      if (!attempt.signal.aborted) this.#over(asFailure(error, "network"));
    }
  };

  /** Hang up, or give up dialling. */
  readonly disconnect = (): void => {
    const { state } = this.#seen;
    if (state === "connecting" || state === "connected") this.#over("visitor");
  };

  /** Turn the microphone on or off; it is asked for when there was none. */
  readonly setMuted = async (muted: boolean): Promise<void> => {
    if (this.#seen.state !== "connected" || muted === this.#seen.isMuted) return;
    const line = this.#line;
    try {
      if (this.#microphone) {
        await (muted ? this.#microphone.mute() : this.#microphone.unmute());
      } else if (line) {
        const microphone = await this.#askForMicrophone();
        if (line !== this.#line) {
          microphone.stop();
          return;
        }
        this.#keep(microphone);
        await line.publish(microphone);
      }
      this.#show({ isMuted: muted, microphoneFailure: undefined });
    } catch (error) {
      if (line === this.#line) {
        this.#show({ microphoneFailure: asFailure(error, "microphone_busy") });
      }
    }
  };

  readonly toggleMute = (): void => {
    void this.setMuted(!this.#seen.isMuted);
  };

  /** Turn the agent's sound on or off; the captions go on. */
  readonly setSoundOff = (off: boolean): void => {
    if (this.#voice) this.#voice.muted = off;
    this.#show({ isSoundOff: off });
  };

  /** Let the browser play sound, in a click. */
  readonly allowSound = (): void => {
    void this.#line?.allowSound().catch(() => undefined);
  };

  /** Say something in writing. Returns false when there is nobody to read it. */
  readonly sendText = async (text: string): Promise<boolean> => {
    const line = this.#line;
    const words = text.trim();
    if (!words || !line || this.#seen.state !== "connected") return false;
    try {
      await line.write(words);
    } catch (error) {
      console.warn(`ThunderPhone: a message was not sent. ${String(error)}`);
      return false;
    }
    if (line === this.#line) {
      this.#captions.typed(words);
      this.#show({ captions: this.#captions.list });
    }
    return true;
  };

  /** Hang up and give everything back; `connect` may still be called later. */
  readonly close = (): void => {
    this.disconnect();
    this.#around.sound.close();
  };

  async #dial(signal: AbortSignal, wantsMicrophone: boolean): Promise<void> {
    if (!canTalk()) throw new Failure("unsupported");
    const { microphone, session } = await this.#prepare(signal, wantsMicrophone);
    if (signal.aborted) {
      microphone?.stop();
      return;
    }
    if (microphone) this.#keep(microphone);
    this.#show({ callId: session.call_id, agentName: session.agent_name || undefined });
    const answered = deferred();
    const line: Line = new Line(this.#around.room(), this.#hear(() => line, answered.resolve));
    this.#line = line;
    await line.join(session);
    if (microphone && !signal.aborted) {
      await line.publish(microphone).catch((error: unknown) => {
        throw asFailure(error, "network");
      });
    }
    await within(ANSWER_WITHIN_MS, answered.promise, signal);
  }

  /** The microphone first, so that nobody is called while a visitor reads the browser's question. */
  async #prepare(
    signal: AbortSignal,
    wantsMicrophone: boolean,
  ): Promise<{ microphone: LocalAudioTrack | undefined; session: Session }> {
    if (!wantsMicrophone) {
      return { microphone: undefined, session: await openSession(this.options, signal) };
    }
    const asked = this.#askForMicrophone();
    if (!(await mayUseMicrophone())) await asked;
    const [microphone, session] = await Promise.allSettled([
      asked,
      signal.aborted ? Promise.reject(new Failure("network")) : openSession(this.options, signal),
    ]);
    if (microphone.status === "rejected") throw microphone.reason;
    if (session.status === "rejected") {
      microphone.value.stop();
      throw session.reason;
    }
    return { microphone: microphone.value, session: session.value };
  }

  async #askForMicrophone(): Promise<LocalAudioTrack> {
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new Failure(window.isSecureContext ? "unsupported" : "insecure_page");
    }
    try {
      return await this.#around.microphone();
    } catch (error) {
      throw failureOfMicrophone(error);
    }
  }

  #keep(microphone: LocalAudioTrack): void {
    this.#microphone = microphone;
    this.#around.sound.measure("visitor", microphone.mediaStreamTrack);
    this.#show({ hasMicrophone: true, isMuted: false });
  }

  #hear(line: () => Line, answered: () => void): LineEvents {
    const current = (report: () => void) => {
      if (line() === this.#line) report();
    };
    return {
      answered: () =>
        current(() => {
          answered();
          this.#around.sound.hush();
          this.#show({ state: "connected", connectedAt: Date.now() });
          this.options.onConnect?.();
        }),
      agentState: (agentState) => current(() => this.#show({ agentState })),
      caption: (caption, source) =>
        current(() => {
          this.#captions[source](caption);
          this.#show({ captions: this.#captions.list });
        }),
      sound: (track, element) => current(() => this.#play(track, element)),
      mayPlay: (allowed) => current(() => this.#show({ needsClick: !allowed })),
      reconnecting: (isReconnecting) => current(() => this.#show({ isReconnecting })),
      microphoneLost: () =>
        current(() => {
          this.#microphone = undefined;
          this.#around.sound.measure("visitor", null);
          this.#show({ hasMicrophone: false, isMuted: true });
        }),
      ended: (by) => current(() => this.#over(by)),
    };
  }

  #play(track: MediaStreamTrack | null, element: HTMLMediaElement | null): void {
    this.#voice?.remove();
    this.#voice = element ?? undefined;
    if (element) {
      element.muted = this.#seen.isSoundOff;
      (this.#home ?? document.body).append(element);
    }
    this.#around.sound.measure("agent", track);
  }

  #over(by: EndedBy | Failure): void {
    const wasConnected = this.#seen.state === "connected";
    const line = this.#line;
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#line = undefined;
    void line?.leave().catch(() => undefined);
    this.#microphone?.stop();
    this.#microphone = undefined;
    this.#play(null, null);
    this.#around.sound.hush();
    this.#around.sound.measure("visitor", null);
    const gone = {
      agentState: undefined,
      isReconnecting: false,
      hasMicrophone: false,
      isMuted: true,
      needsClick: false,
      microphoneFailure: undefined,
      endedAt: Date.now(),
    } as const;
    if (by instanceof Failure) {
      console.warn(`ThunderPhone: ${by.error}. ${by.detail ?? by.message}`);
      this.#show({ ...gone, state: "error", failure: by });
      this.options.onError?.(by);
    } else {
      this.#show({ ...gone, state: wasConnected ? "disconnected" : "idle", endedBy: by });
    }
    if (wasConnected) this.options.onDisconnect?.();
  }

  #show(changed: Partial<CallSnapshot>): void {
    this.#seen = { ...this.#seen, ...changed };
    for (const listener of this.#listeners) listener();
  }
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

async function within(ms: number, what: Promise<void>, signal: AbortSignal): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Failure("no_answer")), ms);
    signal.addEventListener("abort", () => reject(new Failure("network")), { once: true });
  });
  try {
    await Promise.race([what, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Whether the visitor allowed the microphone before, so that nothing will be asked. */
async function mayUseMicrophone(): Promise<boolean> {
  try {
    const { state } = await navigator.permissions.query({ name: "microphone" as PermissionName });
    return state === "granted";
  } catch {
    return false;
  }
}
