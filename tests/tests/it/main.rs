//! Black-box tests: the real binaries, a folder of their own, loopback only.

mod conversation;
mod crash;
mod damage;
mod full_disk;
mod read_only;
mod reload;
mod workspace;
