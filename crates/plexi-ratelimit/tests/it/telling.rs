//! What clients and operators are told.

use std::time::Duration;

use plexi_ratelimit::{Algorithm, Cost, Key, Part, Rule, Stage, Unit, fields};

use crate::{MINUTE, SECOND, World};

#[test]
fn a_response_tells_of_all_limits_that_hold() {
    let world = World::new(vec![
        Rule::new("burst", Key::of(Part::Address), 4, SECOND * 10),
        Rule::new("day", Key::GLOBAL, 100, Duration::from_hours(24)).algorithm(Algorithm::FixedWindow),
        Rule::new("size", Key::GLOBAL, 1_000, MINUTE).unit(Unit::ContentBytes),
        Rule::concurrent("open", Key::GLOBAL, 5),
        Rule::new("trial", Key::GLOBAL, 1, MINUTE).shadow(true),
    ]);
    world.pass(Duration::from_millis(1_500));
    let decision = world.ask(&world.from(1), Cost::ONE.and_bytes(10));
    let told = decision.fields();
    assert_eq!(
        told.policy,
        r#""burst";q=4;w=10, "day";q=100;w=86400, "open";q=5;qu="concurrent-requests", "size";q=1000;qu="content-bytes";w=60"#
    );
    let of = |name: &str| {
        told.limit.split(", ").find(|item| item.starts_with(&format!("\"{name}\""))).unwrap().to_owned()
    };
    assert_eq!(of("burst"), r#""burst";r=3;t=3"#, "two and a half seconds, rounded up");
    assert!(of("day").starts_with(r#""day";r=99;t="#));
    assert_eq!(of("open"), r#""open";r=4;t=0"#);
    assert_eq!(told.retry_after, None);
    assert_eq!(told.legacy.map(|(limit, remaining, _)| (limit, remaining)), Some((4, 3)));
}

#[test]
fn a_refusal_tells_when_to_come_back_and_nothing_later() {
    let world = World::new(vec![
        Rule::new("burst", Key::GLOBAL, 10, SECOND),
        Rule::new("slow", Key::of(Part::Address), 1, SECOND * 7),
    ]);
    assert!(world.admits(&world.from(1)));
    world.pass(Duration::from_millis(100));
    let decision = world.ask(&world.from(1), Cost::ONE);
    let told = decision.fields();
    assert_eq!((told.limit.as_str(), told.retry_after), (r#""slow";r=0;t=7"#, Some(7)));
    assert!(told.policy.contains("burst") && told.policy.contains("slow"));
    assert_eq!(told.legacy, Some((1, 0, 7)));
}

#[test]
fn the_decisions_before_and_after_sign_in_are_told_together() {
    let world = World::new(vec![
        Rule::new("address", Key::of(Part::Address), 10, MINUTE),
        Rule::new("user", Key::of(Part::User), 5, MINUTE),
    ]);
    let ada = world.from(1).user("ada");
    let both =
        [Stage::Before, Stage::After].map(|stage| world.limiter.decide(world.scope, stage, &ada, Cost::ONE));
    assert_eq!(fields(&both).policy, r#""address";q=10;w=60, "user";q=5;w=60"#);
    assert_eq!(fields([]), plexi_ratelimit::Fields::default());
}

#[test]
fn operators_see_who_is_refused_by_what() {
    let world = World::new(vec![
        Rule::new("address", Key::of(Part::Address), 2, MINUTE),
        Rule::new("route", Key::of(Part::Address).and(Part::Route), 1, MINUTE),
    ]);
    let eve = world.from(66).route("messages.post");
    assert_eq!(world.admitted(&eve, 6), 1);
    world.pass(SECOND * 5);
    let most = world.limiter.most_refused(10);
    assert_eq!(most.len(), 1);
    assert_eq!((most[0].rule.as_str(), most[0].subject.as_str()), ("route", "192.0.2.66 messages.post"));
    assert_eq!((most[0].times, most[0].seconds_ago), (5, 5));
}
