//! The web server in one process, on stores in memory.

mod authorisation;
mod bad_input;
mod conversation;
mod cross_site;
mod document;
mod edges;
mod repeated;
mod socket;
mod socket_limits;
mod world;
