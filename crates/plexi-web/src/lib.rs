//! REST, the WebSocket gateway and the OpenAPI document of PlexiChat.
