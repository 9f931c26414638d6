//! From which length on compressing pays: the memory it saves against the time it costs.

use std::fmt::Write as _;

use bytes::Bytes;
use plexi_cache::{Codec, Keep, SecurityLevel};
use serde_json::json;

use super::Sheet;
use super::memory::{cache_of, next};
use crate::Outcome;
use crate::cost::{self, Contender};

const QUESTIONS: usize = 2_000;

pub(crate) fn measure(sheet: &mut Sheet) -> Outcome<()> {
    sheet.section("LZ4 of JSON, sealed: bytes an entry, ns of CPU a hit and an insert, without / with");
    for size in [256, 512, 1_024, 2_048, 4_096, 16_384] {
        let value = Bytes::from(json_of(size));
        let build = |compressed| -> Outcome<_> {
            let cache = cache_of(64, compressed)?;
            let namespace = cache
                .namespace("values")
                .level(SecurityLevel::Internal)
                .share(100)
                .build::<u64, Bytes>(Codec::bytes())?;
            for key in 0..100 {
                namespace.insert_local(&key, &value, &Keep::new());
            }
            Ok(namespace)
        };
        let (plain, packed) = (build(false)?, build(true)?);
        let keep = Keep::new();
        let get = |namespace: &plexi_cache::Namespace<u64, Bytes>, pieces: usize| {
            (0..100).cycle().take(pieces).filter(|key| namespace.get_local(key).value().is_some()).count()
        };
        let insert = |namespace: &plexi_cache::Namespace<u64, Bytes>, pieces: usize| {
            (0..100).cycle().take(pieces).for_each(|key| namespace.insert_local(&key, &value, &keep));
            pieces
        };
        let nanos = cost::compare(
            &mut [
                Contender::new("hit", |pieces| get(&plain, pieces)),
                Contender::new("hit", |pieces| get(&packed, pieces)),
                Contender::new("insert", |pieces| insert(&plain, pieces)),
                Contender::new("insert", |pieces| insert(&packed, pieces)),
            ],
            QUESTIONS,
        );
        let (before, after) = (plain.stats().weight / 100, packed.stats().weight / 100);
        sheet.line(format!(
            "  {size:>6} B  {before:>6} / {after:>6} B   hit {:>6.0} / {:>6.0}   insert {:>6.0} / {:>6.0}",
            nanos[0], nanos[1], nanos[2], nanos[3]
        ));
        sheet.row(json!({
            "figure": "compression", "bytes": size, "weight": before, "weight_compressed": after,
            "hit": nanos[0], "hit_compressed": nanos[1], "insert": nanos[2], "insert_compressed": nanos[3],
        }));
    }
    Ok(())
}

/// A list of members as a server would keep it.
fn json_of(size: usize) -> String {
    let mut state = 3;
    let mut text = String::from("[");
    while text.len() < size {
        let number = next(&mut state);
        // infallible: writing to a String
        let _ = write!(
            text,
            r#"{{"user_id":"{number:016x}","display_name":"User {}","role":"member","muted":false}},"#,
            number % 1_000
        );
    }
    text.truncate(size);
    text
}
