//! Accounts, passwords, sessions, access tokens, roles: who somebody is and what the system lets them do.
