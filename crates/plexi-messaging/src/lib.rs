//! Spaces, channels, messages, threads, reactions, read state, search, presence and the real-time hub.
