//! Structured, ASCII-only logging on tracing: rotated files, correlation ids, one set-up.
