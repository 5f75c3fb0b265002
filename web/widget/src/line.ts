import {
  ConnectionError,
  ConnectionErrorReason,
  DisconnectReason,
  RoomEvent,
  Track,
  type LocalAudioTrack,
  type LocalTrackPublication,
  type Participant,
  type RemoteParticipant,
  type RemoteTrack,
  type Room,
  type TextStreamReader,
  type TranscriptionSegment,
} from "livekit-client";

import type { Caption } from "./captions";
import { Failure } from "./failure";
import type { Session } from "./session";
import type { AgentState, EndedBy } from "./states";

/** What a line reports. */
export interface LineEvents {
  /** The agent is there, or its sound is. */
  answered(): void;
  agentState(state: AgentState): void;
  caption(caption: Caption, source: "stream" | "classic"): void;
  /** The agent's sound begins or ends; `null` when there is none any more. */
  sound(track: MediaStreamTrack | null, element: HTMLMediaElement | null): void;
  /** The browser plays sound, or waits for a click before it does. */
  mayPlay(allowed: boolean): void;
  reconnecting(now: boolean): void;
  /** The microphone was unplugged, or the browser took it. */
  microphoneLost(): void;
  /** The last report. */
  ended(by: EndedBy | Failure): void;
}

const TRANSCRIPTION = "lk.transcription";
const CHAT = "lk.chat";
const AGENT_STATE = "lk.agent.state";
const AGENT_STATES: readonly string[] = ["listening", "thinking", "speaking"];

/** The room of one session. It reports until it ended; it cannot be used twice. */
export class Line {
  readonly #room: Room;
  readonly #events: LineEvents;
  #answered = false;
  #ended = false;
  #leaving = false;

  constructor(room: Room, events: LineEvents) {
    this.#room = room;
    this.#events = events;
    room
      .on(RoomEvent.ParticipantConnected, (participant) => this.#meet(participant))
      .on(RoomEvent.ParticipantAttributesChanged, (_, participant) => this.#look(participant))
      .on(RoomEvent.TrackSubscribed, (track) => this.#hear(track))
      .on(RoomEvent.TrackUnsubscribed, (track) => this.#unhear(track))
      .on(RoomEvent.TranscriptionReceived, (segments, participant) =>
        this.#transcribe(segments, participant),
      )
      .on(RoomEvent.AudioPlaybackStatusChanged, () => events.mayPlay(room.canPlaybackAudio))
      .on(RoomEvent.SignalReconnecting, () => events.reconnecting(true))
      .on(RoomEvent.Reconnecting, () => events.reconnecting(true))
      .on(RoomEvent.Reconnected, () => events.reconnecting(false))
      .on(RoomEvent.LocalTrackUnpublished, () => events.microphoneLost())
      .on(RoomEvent.Disconnected, (reason) => this.#end(this.#whyEnded(reason)));
    room.registerTextStreamHandler(TRANSCRIPTION, (reader, { identity }) => {
      // A stream that breaks off keeps the words that came.
      this.#read(reader, identity).catch(() => undefined);
    });
  }

  /** Join. Raises Failure. */
  async join({ server_url, token }: Session): Promise<void> {
    try {
      await this.#room.connect(server_url, token);
    } catch (error) {
      throw failureOfJoining(error);
    }
    for (const participant of this.#room.remoteParticipants.values()) this.#meet(participant);
  }

  /** Let the agent hear the visitor. */
  async publish(microphone: LocalAudioTrack): Promise<LocalTrackPublication> {
    return this.#room.localParticipant.publishTrack(microphone, {
      source: Track.Source.Microphone,
    });
  }

  /** Say something in writing. */
  async write(text: string): Promise<void> {
    await this.#room.localParticipant.sendText(text, { topic: CHAT });
  }

  /** Let the browser play sound, in the visitor's click. */
  async allowSound(): Promise<void> {
    await this.#room.startAudio();
  }

  /** Hang up. */
  async leave(): Promise<void> {
    this.#leaving = true;
    await this.#room.disconnect();
    this.#end("visitor");
  }

  #meet(participant: RemoteParticipant): void {
    this.#answer();
    this.#look(participant);
  }

  #answer(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#events.answered();
  }

  #look(participant: Participant): void {
    if (participant.isLocal) return;
    const state = participant.attributes[AGENT_STATE];
    if (state && AGENT_STATES.includes(state)) this.#events.agentState(state as AgentState);
  }

  #hear(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    const element = track.attach();
    this.#answer();
    this.#events.sound(track.mediaStreamTrack, element);
  }

  #unhear(track: RemoteTrack): void {
    if (track.kind !== Track.Kind.Audio) return;
    for (const element of track.detach()) element.remove();
    this.#events.sound(null, null);
  }

  async #read(reader: TextStreamReader, identity: string): Promise<void> {
    const { attributes = {}, id: stream } = reader.info;
    const id = attributes["lk.segment_id"] || stream;
    const speaker = this.#isVisitor(identity, attributes["lk.transcribed_track_id"])
      ? "visitor"
      : "agent";
    const tell = (text: string, final: boolean) =>
      this.#events.caption({ id, speaker, text, final }, "stream");
    let text = "";
    for await (const more of reader) {
      text += more;
      tell(text, false);
    }
    // Without the attribute a stream that was closed is whole.
    tell(text, reader.info.attributes?.["lk.transcription_final"] !== "false");
  }

  #transcribe(segments: TranscriptionSegment[], participant: Participant | undefined): void {
    const speaker = participant?.isLocal ? "visitor" : "agent";
    for (const { id, text, final } of segments) {
      this.#events.caption({ id, speaker, text, final }, "classic");
    }
  }

  #isVisitor(identity: string, track: string | undefined): boolean {
    const { localParticipant } = this.#room;
    if (identity === localParticipant.identity) return true;
    return track !== undefined && localParticipant.trackPublications.has(track);
  }

  #whyEnded(reason: DisconnectReason | undefined): EndedBy | Failure {
    if (this.#leaving || reason === DisconnectReason.CLIENT_INITIATED) return "visitor";
    switch (reason) {
      case DisconnectReason.ROOM_DELETED:
      case DisconnectReason.ROOM_CLOSED:
      case DisconnectReason.PARTICIPANT_REMOVED:
      case DisconnectReason.SERVER_SHUTDOWN:
        return "agent";
      default:
        return new Failure("connection_lost", {
          detail: `The room ended: ${DisconnectReason[reason ?? DisconnectReason.UNKNOWN_REASON]}.`,
        });
    }
  }

  #end(by: EndedBy | Failure): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.sound(null, null);
    this.#events.ended(by);
  }
}

function failureOfJoining(error: unknown): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ConnectionError)) return new Failure("network", { detail });
  const status = error.status;
  if (status === 429 || status === 503) return new Failure("busy", { detail, status });
  return new Failure(
    error.reason === ConnectionErrorReason.NotAllowed ? "not_available" : "network",
    { detail, status },
  );
}

/** Whether this browser can do what a room needs. */
export function canTalk(): boolean {
  return typeof RTCPeerConnection !== "undefined" && typeof WebSocket !== "undefined";
}
