import { act, cleanup, fireEvent, render, within } from "@testing-library/react";
import { DisconnectReason, RoomEvent, type Room } from "livekit-client";
import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { ThunderPhoneWidget } from "../src/ui/ThunderPhoneWidget";
import type { ThunderPhoneWidgetProps } from "../src/options";
import { agent, answer, asTrack, browserWith, fakeMicrophone, FakeRoom, SESSION, settled } from "./fakes";

const outside = vi.hoisted(() => ({ room: undefined as unknown, microphone: vi.fn() }));

vi.mock("livekit-client", async (original) => ({
  ...(await original<typeof import("livekit-client")>()),
  createLocalAudioTrack: outside.microphone,
  Room: function () {
    return outside.room as Room;
  },
}));

let room: FakeRoom;
let fetch: ReturnType<typeof vi.fn>;

beforeEach(() => {
  room = new FakeRoom();
  outside.room = room;
  outside.microphone.mockReset().mockImplementation(async () => asTrack(fakeMicrophone()));
  fetch = vi.fn(async () => answer(SESSION));
  vi.stubGlobal("fetch", fetch);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  browserWith("granted");
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(props: Partial<ThunderPhoneWidgetProps> = {}) {
  const all = { publishableKey: "pk_live_x", apiBase: "https://box.example/v1", ...props };
  return render(<ThunderPhoneWidget {...all} />);
}

/** What is inside the shadow root. */
function inside(): ShadowRoot {
  return document.querySelector("[data-thunderphone]")!.shadowRoot!;
}

const screen = new Proxy({} as ReturnType<typeof within>, {
  get: (_, query: string) => within(inside().querySelector<HTMLElement>(".tbx")!)[query as never],
});

function button(name: string | RegExp): HTMLElement {
  return screen.getByRole("button", { name });
}

async function press(name: string | RegExp): Promise<void> {
  await act(async () => {
    fireEvent.click(button(name));
    await settled();
  });
}

async function happens(what: () => unknown): Promise<void> {
  await act(async () => {
    await what();
    await settled();
  });
}

async function talking(): Promise<void> {
  await press(/Start talking/);
  await happens(() => room.emit(RoomEvent.ParticipantConnected, agent("listening")));
}

const status = () => screen.getByRole("status").textContent;

test("a button with a name, and nothing asked of anybody before it is pressed", () => {
  show({ title: "Ask us" });
  expect(button("Ask us Start talking")).toBeTruthy();
  expect(fetch).not.toHaveBeenCalled();
  expect(outside.microphone).not.toHaveBeenCalled();
});

test("every state has its words", async () => {
  show();
  await press(/Start talking/);
  expect(status()).toBe("Connecting");
  await happens(() => room.emit(RoomEvent.ParticipantConnected, agent("listening")));
  expect(status()).toBe("Listening");
  for (const [state, words] of [["thinking", "Thinking"], ["speaking", "Speaking"]] as const) {
    await happens(() => room.emit(RoomEvent.ParticipantAttributesChanged, {}, agent(state)));
    expect(status()).toBe(words);
  }
  await happens(() => room.emit(RoomEvent.ParticipantAttributesChanged, {}, agent("listening")));
  await press("Turn the microphone off");
  expect(status()).toBe("Microphone off");
  await press("Turn the microphone on");
  await happens(() => room.emit(RoomEvent.Reconnecting));
  expect(status()).toBe("Reconnecting");
  await happens(() => room.emit(RoomEvent.Reconnected));
  await press("End the conversation");
  expect(status()).toBe("Conversation ended");
  await press("Close");
  expect(button(/Start talking/)).toBeTruthy();
});

test("the panel takes the focus, and Escape gives it back without hanging up", async () => {
  show();
  await talking();
  expect(inside().activeElement).toBe(screen.getByRole("dialog"));
  await happens(() => fireEvent.keyDown(screen.getByRole("dialog"), { key: "Escape" }));
  expect(screen.queryByRole("dialog")).toBeNull();
  expect(inside().activeElement).toBe(button(/Listening.*Show the conversation/));
  expect(room.disconnect).not.toHaveBeenCalled();
  await press(/Show the conversation/);
  expect(status()).toBe("Listening");
});

test("a call that is put away can be ended from its button", async () => {
  show();
  await talking();
  await press("Minimize");
  await press("End the conversation");
  expect(room.disconnect).toHaveBeenCalled();
  expect(button(/Start talking/)).toBeTruthy();
});

test("a conversation in writing begins in the field, and needs no microphone", async () => {
  show();
  await press(/Type instead/);
  await happens(() => room.emit(RoomEvent.ParticipantConnected, agent("listening")));
  expect(outside.microphone).not.toHaveBeenCalled();
  const field = screen.getByRole("textbox", { name: "Message" }) as HTMLInputElement;
  expect(inside().activeElement).toBe(field);
  expect(status()).toBe("Connected");
  await happens(() => {
    fireEvent.change(field, { target: { value: "Do you take cards?" } });
    fireEvent.submit(field.form!);
  });
  expect(room.localParticipant.sendText).toHaveBeenCalledWith("Do you take cards?", {
    topic: "lk.chat",
  });
  expect(field.value).toBe("");
  expect(screen.getByRole("log").textContent).toContain("Do you take cards?");
});

test("words that could not be sent stay in the field", async () => {
  show();
  await talking();
  room.localParticipant.sendText.mockRejectedValue(new Error("closed"));
  const field = screen.getByRole("textbox") as HTMLInputElement;
  await happens(() => {
    fireEvent.change(field, { target: { value: "Hello" } });
    fireEvent.submit(field.form!);
  });
  expect(field.value).toBe("Hello");
});

test("a refused microphone is said, and leaves typing", async () => {
  show();
  outside.microphone.mockRejectedValue(new DOMException("No.", "NotAllowedError"));
  await press(/Start talking/);
  expect(screen.getByRole("alert").textContent).toMatch(/microphone is blocked/);
  expect(button("Try again")).toBeTruthy();
  await press("Type instead");
  await happens(() => room.emit(RoomEvent.ParticipantConnected, agent("listening")));
  expect(screen.queryByRole("alert")).toBeNull();
  expect(status()).toBe("Connected");
});

test("what the visitor cannot mend is not tried again", async () => {
  fetch.mockResolvedValue(answer({ error: "domain_not_allowed", message: "Not here." }, 403));
  show();
  await press(/Start talking/);
  expect(screen.getByRole("alert").textContent).toBe(
    "This assistant is not set up for this website.",
  );
  expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
});

test("a connection that is lost while the panel is away brings it back", async () => {
  show();
  await talking();
  await press("Minimize");
  await happens(() => room.emit(RoomEvent.Disconnected, DisconnectReason.SIGNAL_CLOSE));
  expect(screen.getByRole("alert").textContent).toBe("The connection was lost.");
  expect(button("Try again")).toBeTruthy();
});

test("screen readers are told of sentences that are whole, in their order", async () => {
  show();
  await talking();
  await happens(() => room.say("agent", { "lk.segment_id": "a" }, "Hello, how can I help?"));
  const open = { "lk.segment_id": "b", "lk.transcription_final": "false" };
  await happens(() => room.say("visitor", open, "What are"));
  const log = screen.getByRole("log");
  expect(log.getAttribute("aria-live")).toBe("polite");
  expect(log.textContent).toBe("Reception: Hello, how can I help?");
  expect(screen.getByText("What are")).toBeTruthy();
  await happens(() => room.say("visitor", { "lk.segment_id": "b" }, "What are your hours?"));
  expect(log.textContent).toBe("Reception: Hello, how can I help?You: What are your hours?");
});

test("captions and typing can be left out", async () => {
  show({ captions: false, typing: false });
  expect(screen.queryByRole("button", { name: /Type instead/ })).toBeNull();
  await talking();
  await happens(() => room.say("agent", { "lk.segment_id": "a" }, "Hello"));
  expect(screen.queryByRole("log")).toBeNull();
  expect(screen.queryByRole("textbox")).toBeNull();
});

test("a browser that plays nothing is given a click", async () => {
  show();
  await talking();
  room.canPlaybackAudio = false;
  await happens(() => room.emit(RoomEvent.AudioPlaybackStatusChanged));
  await press(/hear the answer/);
  expect(room.startAudio).toHaveBeenCalled();
});

test("the widget speaks other languages", async () => {
  show({ title: "Assistent", labels: { talk: "Sprechen", listening: "Hört zu" } });
  expect(button("Assistent Sprechen")).toBeTruthy();
  await press(/Sprechen/);
  await happens(() => room.emit(RoomEvent.ParticipantConnected, agent("listening")));
  expect(status()).toBe("Hört zu");
});

test("position, theme, class and colours are on the outermost element, without a style attribute", () => {
  const options = { position: "top-left", theme: "dark", className: "mine" } as const;
  const { container } = show({ ...options, primaryColor: "#ffd400" });
  expect(container.firstElementChild?.className).toBe("mine");
  const root = inside().querySelector<HTMLElement>(".tbx")!;
  expect(root.dataset).toMatchObject({ position: "top-left", theme: "dark", state: "idle" });
  expect(root.style.getPropertyValue("--tbx-primary")).toBe("#ffd400");
  expect(root.style.getPropertyValue("--tbx-ink")).toBe("#000");
});

test("the page's styles do not reach it, and it brings its own once", () => {
  const { container, rerender } = show();
  rerender(<ThunderPhoneWidget publishableKey="pk_live_x" title="Other" />);
  expect(container.querySelector(".tbx")).toBeNull();
  expect(inside().querySelectorAll("style")).toHaveLength(1);
  expect(button("Other Start talking")).toBeTruthy();
});

test("a widget that goes away hangs up", async () => {
  const { unmount } = show();
  await talking();
  unmount();
  expect(room.disconnect).toHaveBeenCalled();
});

test("the callbacks of the last rendering are called", async () => {
  const first = vi.fn();
  const second = vi.fn();
  const { rerender } = show({ onConnect: first });
  const props = { publishableKey: "pk_live_x", apiBase: "https://box.example/v1" };
  rerender(<ThunderPhoneWidget {...props} onConnect={second} />);
  await talking();
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalledOnce();
});
