import { ConnectionError, DisconnectReason, RoomEvent } from "livekit-client";
import { beforeEach, expect, test, vi } from "vitest";

import { Failure } from "../src/failure";
import { Line, type LineEvents } from "../src/line";
import { agent, FakeRoom, SESSION, settled } from "./fakes";

let room: FakeRoom;
let events: { [name in keyof LineEvents]: ReturnType<typeof vi.fn> };
let line: Line;

beforeEach(() => {
  room = new FakeRoom();
  events = {
    answered: vi.fn(),
    agentState: vi.fn(),
    caption: vi.fn(),
    sound: vi.fn(),
    mayPlay: vi.fn(),
    reconnecting: vi.fn(),
    microphoneLost: vi.fn(),
    ended: vi.fn(),
  };
  line = new Line(room.asRoom, events as LineEvents);
});

function track(kind = "audio") {
  const element = document.createElement("audio");
  return { kind, attach: () => element, detach: () => [element], mediaStreamTrack: {}, element };
}

test("joins the room of the session", async () => {
  await line.join(SESSION);
  expect(room.connect).toHaveBeenCalledWith("wss://box.example", "token");
});

test("an agent that is there already answers at once", async () => {
  room.remoteParticipants.set("agent", agent("listening"));
  await line.join(SESSION);
  expect(events.answered).toHaveBeenCalledOnce();
  expect(events.agentState).toHaveBeenCalledWith("listening");
});

test("an agent that comes, and then its sound, answer once", () => {
  room.emit(RoomEvent.ParticipantConnected, agent());
  room.emit(RoomEvent.TrackSubscribed, track());
  expect(events.answered).toHaveBeenCalledOnce();
});

test("the agent's sound is attached, and taken away again", () => {
  const voice = track();
  room.emit(RoomEvent.TrackSubscribed, voice);
  expect(events.sound).toHaveBeenLastCalledWith(voice.mediaStreamTrack, voice.element);
  document.body.append(voice.element);
  room.emit(RoomEvent.TrackUnsubscribed, voice);
  expect(voice.element.isConnected).toBe(false);
  expect(events.sound).toHaveBeenLastCalledWith(null, null);
});

test("pictures are not for us", () => {
  room.emit(RoomEvent.TrackSubscribed, track("video"));
  room.emit(RoomEvent.TrackUnsubscribed, track("video"));
  expect(events.sound).not.toHaveBeenCalled();
});

test.each(["listening", "thinking", "speaking"])("the agent is %s", (state) => {
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, agent(state));
  expect(events.agentState).toHaveBeenCalledWith(state);
});

test("states that mean nothing here, and those of the visitor, are not reported", () => {
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, agent("initializing"));
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, agent());
  const visitor = { ...agent("speaking"), isLocal: true };
  room.emit(RoomEvent.ParticipantAttributesChanged, {}, visitor);
  expect(events.agentState).not.toHaveBeenCalled();
});

test("a text stream grows chunk by chunk, and is whole at its end", async () => {
  await room.say("agent", { "lk.segment_id": "S1" }, "We are ", "open.");
  const told = events.caption.mock.calls.map(([caption, source]) => [
    caption.text,
    caption.final,
    source,
  ]);
  expect(told).toEqual([
    ["We are ", false, "stream"],
    ["We are open.", false, "stream"],
    ["We are open.", true, "stream"],
  ]);
  expect(events.caption.mock.calls[0]![0]).toMatchObject({ id: "S1", speaker: "agent" });
});

test("a stream that says it is not final is followed by another one", async () => {
  await room.say("agent", { "lk.segment_id": "S1", "lk.transcription_final": "false" }, "We");
  expect(events.caption.mock.lastCall![0]).toMatchObject({ text: "We", final: false });
});

test.each([
  ["visitor", {}, "visitor"],
  ["agent", { "lk.transcribed_track_id": "TR_mic" }, "visitor"],
  ["agent", { "lk.transcribed_track_id": "TR_voice" }, "agent"],
  ["agent", {}, "agent"],
])("a stream of %s with %j was said by the %s", async (identity, attributes, speaker) => {
  await room.say(identity, attributes, "Hello");
  expect(events.caption.mock.lastCall![0]).toMatchObject({ speaker, id: "stream" });
});

test("classic events are told apart by who spoke", () => {
  const segments = [{ id: "a", text: "Hello", final: true }];
  room.emit(RoomEvent.TranscriptionReceived, segments, { isLocal: true });
  room.emit(RoomEvent.TranscriptionReceived, segments, undefined);
  expect(events.caption.mock.calls.map(([caption, source]) => [caption.speaker, source])).toEqual([
    ["visitor", "classic"],
    ["agent", "classic"],
  ]);
});

test("a stream that breaks off keeps what came, and harms nobody", async () => {
  const reader = {
    info: { id: "s", attributes: {} },
    async *[Symbol.asyncIterator]() {
      yield "Hel";
      throw new Error("broken");
    },
  };
  room.handlers.get("lk.transcription")!(reader as never, { identity: "agent" });
  await settled();
  expect(events.caption.mock.lastCall![0]).toMatchObject({ text: "Hel", final: false });
});

test("typed words go to the topic that agents read", async () => {
  await line.write("Hello");
  expect(room.localParticipant.sendText).toHaveBeenCalledWith("Hello", { topic: "lk.chat" });
});

test.each([RoomEvent.Reconnecting, RoomEvent.SignalReconnecting])("%s", (event) => {
  room.emit(event);
  expect(events.reconnecting).toHaveBeenLastCalledWith(true);
  room.emit(RoomEvent.Reconnected);
  expect(events.reconnecting).toHaveBeenLastCalledWith(false);
});

test("the browser says whether it plays", () => {
  room.canPlaybackAudio = false;
  room.emit(RoomEvent.AudioPlaybackStatusChanged);
  expect(events.mayPlay).toHaveBeenCalledWith(false);
});

test.each([
  [DisconnectReason.CLIENT_INITIATED, "visitor"],
  [DisconnectReason.ROOM_DELETED, "agent"],
  [DisconnectReason.PARTICIPANT_REMOVED, "agent"],
  [DisconnectReason.SERVER_SHUTDOWN, "agent"],
])("a room that ends for %i was ended by the %s", (reason, by) => {
  room.emit(RoomEvent.Disconnected, reason);
  room.emit(RoomEvent.Disconnected, reason);
  expect(events.ended).toHaveBeenCalledOnce();
  expect(events.ended).toHaveBeenCalledWith(by);
});

test.each([DisconnectReason.SIGNAL_CLOSE, DisconnectReason.STATE_MISMATCH, undefined])(
  "a room that ends for %s is a connection that was lost",
  (reason) => {
    room.emit(RoomEvent.Disconnected, reason);
    expect(events.ended.mock.lastCall![0]).toMatchObject({ error: "connection_lost" });
  },
);

test("who leaves has ended it, whatever the room says", async () => {
  room.disconnect.mockImplementation(async () => {
    room.emit(RoomEvent.Disconnected, DisconnectReason.UNKNOWN_REASON);
    return undefined;
  });
  await line.leave();
  expect(events.ended).toHaveBeenCalledOnce();
  expect(events.ended).toHaveBeenCalledWith("visitor");
});

test.each([
  [ConnectionError.notAllowed("invalid token", 401), "not_available"],
  [ConnectionError.serverUnreachable("full", 503), "busy"],
  [ConnectionError.websocket("closed"), "network"],
  [new TypeError("x"), "network"],
])("joining fails: %s", async (error, expected) => {
  room.connect.mockRejectedValue(error);
  const failed = await line.join(SESSION).catch((failure: unknown) => failure);
  expect(failed).toBeInstanceOf(Failure);
  expect(failed).toMatchObject({ error: expected });
});
