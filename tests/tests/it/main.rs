//! Black-box tests: the real binaries, a folder of their own, loopback only.

mod breached;
mod configuration;
mod conversation;
mod crash;
mod damage;
mod deleted;
mod engines;
mod full_disk;
mod monitoring;
mod read_only;
mod reload;
mod round_trip;
mod secrets;
mod transfer;
mod workspace;
