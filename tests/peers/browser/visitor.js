// A visitor by livekit-client: tests call these functions and read what was seen.
"use strict";

const { Room, RoomEvent, Track, DisconnectReason } = LivekitClient;

const seen = { joinedAt: 0, events: [], states: [], captions: [], streams: [], refused: "" };
let room;

async function join(url, token, single) {
  room = new Room({ singlePeerConnection: single });
  for (const name of ["Reconnecting", "Reconnected", "ParticipantDisconnected"]) {
    room.on(RoomEvent[name], () => seen.events.push(RoomEvent[name]));
  }
  room.on(RoomEvent.Disconnected, (reason) =>
    seen.events.push(`disconnected ${DisconnectReason[reason ?? 0]}`),
  );
  room.on(RoomEvent.TrackSubscribed, (track) => document.body.append(track.attach()));
  room.on(RoomEvent.ParticipantAttributesChanged, noteState);
  room.on(RoomEvent.TranscriptionReceived, (segments, participant) => {
    for (const { id, text, final } of segments) {
      seen.captions.push({ speaker: participant?.identity ?? "", segment: id, text, final });
    }
  });
  room.registerTextStreamHandler("lk.transcription", async (reader, { identity }) => {
    const { attributes } = reader.info;
    seen.streams.push({
      speaker: identity,
      segment: attributes["lk.segment_id"],
      text: await reader.readAll(),
      final: attributes["lk.transcription_final"] === "true",
    });
  });
  seen.joinedAt = performance.now();
  try {
    await room.connect(url, token);
  } catch (error) {
    seen.refused = String(error);
    return false;
  }
  room.remoteParticipants.forEach((one) => noteState(one.attributes));
  await room.localParticipant.setMicrophoneEnabled(true, {
    autoGainControl: false,
    echoCancellation: false,
    noiseSuppression: false,
  });
  return true;
}

function noteState(attributes) {
  const state = attributes["lk.agent.state"];
  if (state && seen.states.at(-1) !== state) seen.states.push(state);
}

function mute(muted) {
  const { audioTrack } = room.localParticipant.getTrackPublication(Track.Source.Microphone);
  return muted ? audioTrack.mute() : audioTrack.unmute();
}

function type(text) {
  return room.localParticipant.sendText(text, { topic: "lk.chat" });
}

async function press(keys) {
  for (const key of keys) {
    await room.localParticipant.publishDtmf("0123456789*#".indexOf(key), key);
  }
}

function leave() {
  return room.disconnect();
}
