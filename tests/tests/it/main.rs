//! Black-box tests: the real binaries, a folder of their own, loopback only.

mod conversation;
mod crash;
mod full_disk;
mod workspace;
