//! Layered, typed, validated, hot-reloadable configuration that names the origin of every value.
