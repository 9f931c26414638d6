//! The service over the store in memory: what it promises to those who talk through it.

mod access;
mod conversations;
mod finding;
mod presence;
mod realtime;
mod resuming;
mod sending;
mod world;
