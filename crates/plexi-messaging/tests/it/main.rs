//! The service over the store in memory: what it promises to those who talk through it.
#![expect(clippy::unwrap_used, reason = "a program of tests")]

mod access;
mod categories;
mod contract;
mod conversations;
mod finding;
mod hearing;
mod importing;
mod presence;
mod realtime;
mod resuming;
mod sending;
mod spaces;
mod threads;
mod world;
