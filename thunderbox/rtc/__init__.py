"""Browser calls: LiveKit-compatible signalling and rooms, WebRTC media, and the leg on top."""
