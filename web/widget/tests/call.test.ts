import { DisconnectReason, RoomEvent } from "livekit-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Call } from "../src/call";
import type { Failure } from "../src/failure";
import {
  agent,
  answer,
  asSound,
  asTrack,
  browserWith,
  fakeMicrophone,
  FakeRoom,
  fakeSound,
  SESSION,
  settled,
} from "./fakes";

let room: FakeRoom;
let microphone: ReturnType<typeof fakeMicrophone>;
let sound: ReturnType<typeof fakeSound>;
let asked: ReturnType<typeof vi.fn<() => Promise<ReturnType<typeof asTrack>>>>;
let fetch: ReturnType<typeof vi.fn>;
let call: Call;
const heard: string[] = [];

beforeEach(() => {
  heard.length = 0;
  room = new FakeRoom();
  microphone = fakeMicrophone();
  sound = fakeSound();
  asked = vi.fn(async () => asTrack(microphone));
  fetch = vi.fn(async () => answer(SESSION));
  vi.stubGlobal("fetch", fetch);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  browserWith("granted");
  call = new Call(
    {
      publishableKey: "pk_live_x",
      apiBase: "https://box.example/v1",
      ringtone: true,
      onConnect: () => heard.push("connect"),
      onDisconnect: () => heard.push("disconnect"),
      onError: ({ error }: Failure) => heard.push(error),
    },
    { room: () => room.asRoom, microphone: asked, sound: asSound(sound) },
  );
});

afterEach(() => {
  call.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function connected(how?: { microphone: boolean }): Promise<void> {
  const dialling = call.connect(how);
  await settled();
  room.emit(RoomEvent.ParticipantConnected, agent("listening"));
  await dialling;
}

test("from idle to a conversation and its end", async () => {
  expect(call.snapshot().state).toBe("idle");
  const dialling = call.connect();
  expect(call.snapshot()).toMatchObject({ state: "connecting", callId: undefined });
  expect(sound.ring).toHaveBeenCalledWith(true);
  await settled();
  expect(call.snapshot()).toMatchObject({ callId: 5001, agentName: "Reception" });
  expect(sound.hush).not.toHaveBeenCalled();
  room.emit(RoomEvent.ParticipantConnected, agent("listening"));
  await dialling;
  expect(call.snapshot()).toMatchObject({
    state: "connected",
    agentState: "listening",
    isMuted: false,
    hasMicrophone: true,
    connectedAt: expect.any(Number),
  });
  expect(sound.hush).toHaveBeenCalled();
  call.disconnect();
  expect(call.snapshot()).toMatchObject({
    state: "disconnected",
    agentState: undefined,
    endedBy: "visitor",
    hasMicrophone: false,
  });
  expect(room.disconnect).toHaveBeenCalled();
  expect(microphone.stop).toHaveBeenCalled();
  expect(heard).toEqual(["connect", "disconnect"]);
});

test("nobody is called before the visitor allowed the microphone", async () => {
  browserWith("prompt");
  let allow: (track: ReturnType<typeof asTrack>) => void = () => undefined;
  asked.mockReturnValue(new Promise((resolve) => (allow = resolve)));
  void call.connect();
  await settled();
  expect(fetch).not.toHaveBeenCalled();
  allow(asTrack(microphone));
  await settled();
  expect(fetch).toHaveBeenCalledOnce();
});

test("who allowed it before waits for nothing", async () => {
  asked.mockReturnValue(new Promise(() => undefined));
  void call.connect();
  await settled();
  expect(fetch).toHaveBeenCalledOnce();
});

test("a refused microphone is a failure, and nobody was called", async () => {
  browserWith("prompt");
  asked.mockRejectedValue(new DOMException("No.", "NotAllowedError"));
  await call.connect();
  expect(call.snapshot()).toMatchObject({
    state: "error",
    failure: { error: "microphone_denied", leavesTyping: true },
  });
  expect(fetch).not.toHaveBeenCalled();
  expect(heard).toEqual(["microphone_denied"]);
});

test("a page without https has no microphone at all", async () => {
  Object.defineProperty(navigator, "mediaDevices", { value: undefined, configurable: true });
  vi.stubGlobal("isSecureContext", false);
  await call.connect();
  expect(call.snapshot().failure?.error).toBe("insecure_page");
});

test("an old browser", async () => {
  vi.stubGlobal("RTCPeerConnection", undefined);
  await call.connect();
  expect(call.snapshot().failure?.error).toBe("unsupported");
});

test("a conversation in writing wants no microphone", async () => {
  await connected({ microphone: false });
  expect(asked).not.toHaveBeenCalled();
  expect(call.snapshot()).toMatchObject({ state: "connected", hasMicrophone: false, isMuted: true });
  await expect(call.sendText("  Do you take cards? ")).resolves.toBe(true);
  expect(room.localParticipant.sendText).toHaveBeenCalledWith("Do you take cards?", {
    topic: "lk.chat",
  });
  expect(call.snapshot().captions).toMatchObject([
    { speaker: "visitor", text: "Do you take cards?", final: true },
  ]);
});

test("the microphone can be turned on in the middle of a conversation in writing", async () => {
  await connected({ microphone: false });
  await call.setMuted(false);
  expect(room.localParticipant.publishTrack).toHaveBeenCalledWith(microphone, {
    source: "microphone",
  });
  expect(call.snapshot()).toMatchObject({ hasMicrophone: true, isMuted: false });
});

test("where it is refused then, the conversation goes on", async () => {
  await connected({ microphone: false });
  asked.mockRejectedValue(new DOMException("No.", "NotFoundError"));
  await call.setMuted(false);
  expect(call.snapshot()).toMatchObject({
    state: "connected",
    isMuted: true,
    microphoneFailure: { error: "microphone_missing" },
  });
  asked.mockResolvedValue(asTrack(microphone));
  await call.setMuted(false);
  expect(call.snapshot().microphoneFailure).toBeUndefined();
});

test("mute and unmute", async () => {
  await connected();
  expect(call.level("visitor")).toBe(0.5);
  call.toggleMute();
  await settled();
  expect(microphone.mute).toHaveBeenCalledOnce();
  expect(call.snapshot().isMuted).toBe(true);
  expect(call.level("visitor")).toBe(0);
  call.toggleMute();
  await settled();
  expect(microphone.unmute).toHaveBeenCalledOnce();
  expect(asked).toHaveBeenCalledOnce();
});

test("a microphone that is unplugged", async () => {
  await connected();
  room.emit(RoomEvent.LocalTrackUnpublished);
  expect(call.snapshot()).toMatchObject({ state: "connected", hasMicrophone: false, isMuted: true });
});

test("words that could not be sent are not shown as said", async () => {
  await connected();
  room.localParticipant.sendText.mockRejectedValue(new Error("closed"));
  await expect(call.sendText("Hello")).resolves.toBe(false);
  await expect(call.sendText("  ")).resolves.toBe(false);
  expect(call.snapshot().captions).toEqual([]);
});

test("captions, states and short breaks of the network are seen", async () => {
  await connected();
  await room.say("agent", { "lk.segment_id": "S1" }, "Hello");
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, agent("speaking"));
  room.emit(RoomEvent.Reconnecting);
  expect(call.snapshot()).toMatchObject({
    agentState: "speaking",
    isReconnecting: true,
    captions: [{ text: "Hello" }],
  });
  room.emit(RoomEvent.Reconnected);
  expect(call.snapshot()).toMatchObject({ state: "connected", isReconnecting: false });
});

test("the agent hangs up", async () => {
  await connected();
  room.emit(RoomEvent.Disconnected, DisconnectReason.ROOM_DELETED);
  expect(call.snapshot()).toMatchObject({ state: "disconnected", endedBy: "agent" });
  expect(heard).toEqual(["connect", "disconnect"]);
});

test("a lost connection is told, and is an end", async () => {
  await connected();
  room.emit(RoomEvent.Disconnected, DisconnectReason.SIGNAL_CLOSE);
  expect(call.snapshot()).toMatchObject({
    state: "error",
    failure: { error: "connection_lost" },
  });
  expect(heard).toEqual(["connect", "connection_lost", "disconnect"]);
});

test("a refusal of the box gives the microphone back", async () => {
  fetch.mockResolvedValue(answer({ error: "domain_not_allowed", message: "Not here." }, 403));
  await call.connect();
  expect(call.snapshot()).toMatchObject({
    state: "error",
    failure: { error: "domain_not_allowed", detail: "Not here." },
  });
  expect(microphone.stop).toHaveBeenCalled();
});

test("an agent that does not come within 20 seconds", async () => {
  vi.useFakeTimers();
  const dialling = call.connect();
  await vi.advanceTimersByTimeAsync(20_000);
  await dialling;
  expect(call.snapshot().failure?.error).toBe("no_answer");
  expect(room.disconnect).toHaveBeenCalled();
});

test.each(["the microphone", "the box", "the room", "the agent"])(
  "giving up while waiting for %s leaves nothing behind",
  async (place) => {
    const forever = new Promise<never>(() => undefined);
    let late: (value: never) => void = () => undefined;
    if (place === "the microphone") {
      browserWith("prompt");
      asked.mockReturnValue(new Promise((resolve) => (late = resolve)));
    }
    if (place === "the box") fetch.mockReturnValue(new Promise((resolve) => (late = resolve)));
    if (place === "the room") room.connect.mockReturnValue(forever);
    void call.connect();
    await settled();
    call.disconnect();
    expect(call.snapshot().state).toBe("idle");
    late((place === "the microphone" ? asTrack(microphone) : answer(SESSION)) as never);
    await settled();
    expect(call.snapshot().state).toBe("idle");
    expect(microphone.stop).toHaveBeenCalled();
    expect(heard).toEqual([]);
  },
);

test("two clicks begin one conversation", async () => {
  void call.connect();
  await connected();
  expect(fetch).toHaveBeenCalledOnce();
});

test("another conversation begins with nothing of the last", async () => {
  await connected();
  await room.say("agent", { "lk.segment_id": "S1" }, "Hello");
  call.disconnect();
  const old = room;
  room = new FakeRoom();
  await connected();
  expect(call.snapshot()).toMatchObject({ state: "connected", captions: [], endedBy: undefined });
  old.emit(RoomEvent.Disconnected, DisconnectReason.ROOM_DELETED);
  expect(call.snapshot().state).toBe("connected");
});

test("the agent's sound is put where the page wants it, and may be turned off", async () => {
  await connected();
  const element = document.createElement("audio");
  const voice = { kind: "audio", attach: () => element, detach: () => [element] };
  room.emit(RoomEvent.TrackSubscribed, { ...voice, mediaStreamTrack: {} });
  expect(element.parentElement).toBe(document.body);
  const house = document.createElement("div");
  call.house(house);
  expect(element.parentElement).toBe(house);
  call.setSoundOff(true);
  expect(element.muted).toBe(true);
  call.disconnect();
  expect(element.parentElement).toBeNull();
});

test("a click for sound reaches the room", async () => {
  await connected();
  room.canPlaybackAudio = false;
  room.emit(RoomEvent.AudioPlaybackStatusChanged);
  expect(call.snapshot().needsClick).toBe(true);
  call.allowSound();
  expect(room.startAudio).toHaveBeenCalledOnce();
});

test("every change is told until nobody listens", async () => {
  const told = vi.fn();
  const stop = call.subscribe(told);
  await connected();
  const before = told.mock.calls.length;
  expect(before).toBeGreaterThan(2);
  stop();
  call.disconnect();
  expect(told).toHaveBeenCalledTimes(before);
});
