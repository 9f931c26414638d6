//! Identity as its callers see it, over the in-memory store and a clock that stands until it is told to move.

#![cfg(test)]

mod at_rest;
mod breached;
mod contract;
mod invitations;
mod people;
mod providers;
mod races;
mod refresh;
mod roles;
mod sessions;
mod setup;
mod sign_in;
mod world;
