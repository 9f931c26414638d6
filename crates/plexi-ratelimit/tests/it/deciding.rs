//! Many rules, one decision.

use std::time::Duration;

use plexi_ratelimit::{Algorithm, Cost, Key, LimitError, Part, Rule, Stage, Unit};

use crate::{MINUTE, SECOND, World};

const ADDRESS: Key = Key::of(Part::Address);

#[test]
fn without_rules_everybody_goes_on() {
    let world = World::new(Vec::new());
    let decision = world.ask(&world.from(1), Cost::requests(1 << 40));
    assert!(decision.is_admitted() && decision.quotas().next().is_none());
}

#[test]
fn a_rule_that_refuses_takes_nothing_from_the_others() {
    let rules = vec![
        Rule::new("all", Key::GLOBAL, 10, MINUTE),
        Rule::new("address", ADDRESS, 2, MINUTE).algorithm(Algorithm::FixedWindow),
        Rule::new("exact", ADDRESS.and(Part::Method), 9, MINUTE).algorithm(Algorithm::ExactWindow),
        Rule::new("sliding", Key::GLOBAL, 9, MINUTE).algorithm(Algorithm::SlidingWindow),
    ];
    let world = World::new(rules);
    let ada = world.from(1).method("POST");
    assert_eq!(world.admitted(&ada, 50), 2);
    let left: Vec<_> = world
        .limiter
        .look(world.scope, Stage::Before, &ada, Cost::ONE)
        .quotas()
        .map(|quota| (quota.name.to_owned(), quota.remaining))
        .collect();
    let expected = [("address", 0), ("all", 8), ("exact", 7), ("sliding", 7)];
    assert_eq!(left, expected.map(|(name, left)| (name.to_owned(), left)));
    assert_eq!(world.admitted(&world.from(2).method("POST"), 50), 2, "another address has its own");
}

#[test]
fn each_rule_tells_apart_what_its_key_says() {
    let rules = vec![Rule::new("each", ADDRESS.and(Part::Route).and(Part::Agent), 1, MINUTE)];
    let world = World::new(rules);
    let subject =
        |address, route: &'static str, agent: &'static str| world.from(address).route(route).agent(agent);
    for subject in [subject(1, "a", "x"), subject(2, "a", "x"), subject(1, "b", "x"), subject(1, "a", "y")] {
        assert_eq!(world.admitted(&subject, 3), 1, "{subject:?}");
    }
}

#[test]
fn rules_that_tell_users_apart_are_asked_once_the_user_is_known() {
    let world = World::new(vec![
        Rule::new("address", ADDRESS, 3, MINUTE),
        Rule::new("user", Key::of(Part::User), 1, MINUTE),
    ]);
    let ada = world.from(1).user("ada");
    let mut names = Vec::new();
    for stage in [Stage::Before, Stage::After, Stage::After] {
        let decision = world.limiter.decide(world.scope, stage, &ada, Cost::ONE);
        names.push((
            decision.is_admitted(),
            decision.quotas().map(|quota| quota.name.to_owned()).collect::<Vec<_>>(),
        ));
    }
    let of = |admitted, name: &str| (admitted, vec![name.to_owned()]);
    assert_eq!(names, [of(true, "address"), of(true, "user"), of(false, "user")]);
}

#[test]
fn a_rule_holds_in_its_scopes_and_not_where_others_took_its_place() {
    let world = World::new(vec![
        Rule::new("write", Key::GLOBAL, 5, MINUTE).within("write").except("messages.delete"),
        Rule::new("post", Key::GLOBAL, 3, MINUTE).within("messages.post"),
        Rule::new("read", Key::GLOBAL, 1, MINUTE).within("read"),
    ]);
    assert_eq!(world.admitted(&world.from(1), 10), 3, "both rules hold");
    let edit = world.limiter.scope(["messages.edit", "write"]).unwrap();
    let delete = world.limiter.scope(["messages.delete", "write"]).unwrap();
    let admitted = |scope| {
        (0..10)
            .filter(|_| world.limiter.decide(scope, Stage::Before, &world.from(1), Cost::ONE).is_admitted())
            .count()
    };
    assert_eq!((admitted(edit), admitted(delete)), (2, 10));
    assert_eq!(world.limiter.scope(["messages.edit", "write"]).unwrap(), edit, "it is known already");
}

#[test]
fn tiers_have_so_many_times_the_quota() {
    let world = World::new(vec![
        Rule::new("user", Key::of(Part::User), 10, MINUTE),
        Rule::new("fair", Key::of(Part::User), 12, MINUTE).same_for_all_tiers(),
    ]);
    world.limiter.set_tiers(&[("bot".to_owned(), 500), ("gold".to_owned(), 2_000)]).unwrap();
    let admitted = |name: &'static str, tier: &str| {
        let subject = world.limiter.subject().user(name).tier(world.limiter.tier(tier));
        (0..50)
            .filter(|_| world.limiter.decide(world.scope, Stage::After, &subject, Cost::ONE).is_admitted())
            .count()
    };
    assert_eq!([admitted("a", "bot"), admitted("b", "gold"), admitted("c", "unknown")], [5, 12, 10]);
    world.limiter.set_tiers(&[("bot".to_owned(), 700)]).unwrap();
    assert_eq!(admitted("a", "bot"), 2, "what was counted stays counted");
    assert_eq!(admitted("d", "gold"), 10, "a tier that is gone is the usual one");
}

#[test]
fn what_is_in_the_shadow_counts_and_stops_nobody() {
    let world = World::new(vec![
        Rule::new("new", Key::GLOBAL, 2, MINUTE).shadow(true),
        Rule::new("old", Key::GLOBAL, 5, MINUTE),
    ]);
    assert_eq!(world.admitted(&world.from(1), 10), 5);
    let of = |name: &str| world.limiter.stats().into_iter().find(|stats| stats.name == name).unwrap();
    assert_eq!((of("new").admitted, of("new").shadowed, of("new").refused), (2, 8, 0));
    assert_eq!((of("old").admitted, of("old").refused), (5, 5));
    let decision = world.ask(&world.from(1), Cost::ONE);
    assert_eq!(decision.refused_by().unwrap().name, "old");
    assert!(!decision.fields().policy.contains("new"));

    world.pass(MINUTE);
    world.limiter.set_shadow("new", false).unwrap();
    assert_eq!(world.admitted(&world.from(1), 10), 2);
    assert!(matches!(world.limiter.set_shadow("no such", true), Err(LimitError::NoRule(_))));
}

#[test]
fn rules_change_at_once_and_what_was_counted_stays() {
    let rule = |quota, window| vec![Rule::new("address", ADDRESS, quota, window)];
    for algorithm in
        [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::ExactWindow]
    {
        let with = |quota| rule(quota, MINUTE).into_iter().map(|rule| rule.algorithm(algorithm)).collect();
        let world = World::new(with(10));
        assert_eq!(world.admitted(&world.from(1), 4), 4);
        world.limiter.set_rules(with(6)).unwrap();
        assert_eq!(world.admitted(&world.from(1), 10), 2, "{algorithm:?}");
        world.limiter.set_rules(with(3)).unwrap();
        assert_eq!(world.admitted(&world.from(1), 10), 0, "{algorithm:?}");
        world.limiter.set_rules(with(15)).unwrap();
        assert_eq!(world.admitted(&world.from(1), 20), 9, "{algorithm:?}");
        assert_eq!(world.limiter.stats()[0].admitted, 15, "{algorithm:?}");
    }
}

#[test]
fn rules_that_cannot_be_change_nothing() {
    let world = World::new(vec![Rule::new("address", ADDRESS, 2, MINUTE)]);
    let ok = || Rule::new("x", Key::GLOBAL, 1, SECOND);
    let wrong = [
        vec![Rule::new("", Key::GLOBAL, 1, SECOND)],
        vec![Rule::new("Big", Key::GLOBAL, 1, SECOND)],
        vec![Rule::new("a\"b", Key::GLOBAL, 1, SECOND)],
        vec![Rule::new("x".repeat(65), Key::GLOBAL, 1, SECOND)],
        vec![Rule::new("x", Key::GLOBAL, 0, SECOND)],
        vec![Rule::new("x", Key::GLOBAL, 1 << 60, SECOND)],
        vec![Rule::new("x", Key::GLOBAL, 1, Duration::ZERO)],
        vec![Rule::new("x", Key::GLOBAL, 1, Duration::from_hours(24 * 32))],
        vec![
            ok().algorithm(Algorithm::ExactWindow),
            Rule::new("y", Key::GLOBAL, 17, SECOND).algorithm(Algorithm::ExactWindow),
        ],
        vec![ok(), ok()],
        vec![Rule::concurrent("x", Key::GLOBAL, 1).unit(Unit::ContentBytes)],
        (0..13).map(|n| Rule::new(format!("r{n}"), Key::GLOBAL, 1, SECOND)).collect(),
        (0..65).map(|n| Rule::new(format!("r{n}"), Key::GLOBAL, 1, SECOND).within("elsewhere")).collect(),
    ];
    for rules in wrong {
        let shown = format!("{rules:?}");
        assert!(world.limiter.set_rules(rules).is_err(), "{shown}");
    }
    assert_eq!(world.admitted(&world.from(1), 5), 2, "the rule is in force still");
}

#[test]
fn what_is_forgotten_begins_anew() {
    let world = World::new(vec![
        Rule::new("address", ADDRESS, 1, MINUTE),
        Rule::new("exact", ADDRESS, 2, MINUTE).algorithm(Algorithm::ExactWindow),
    ]);
    assert_eq!(world.admitted(&world.from(1), 5), 1);
    assert_eq!(world.limiter.reset(Some("address"), &world.from(1)), 1);
    assert_eq!(world.admitted(&world.from(1), 5), 1);
    assert_eq!(world.limiter.reset(Some("address"), &world.from(1)), 1);
    assert_eq!(world.admitted(&world.from(1), 5), 0, "the other rule has counted two");
    assert_eq!(world.limiter.reset(None, &world.from(1)), 1);
    assert_eq!(world.admitted(&world.from(1), 5), 1);
    assert_eq!(world.limiter.reset(None, &world.from(9)), 0);
}

#[test]
fn bytes_are_counted_by_rules_for_bytes_only() {
    let world = World::new(vec![
        Rule::new("requests", ADDRESS, 3, MINUTE),
        Rule::new("bytes", ADDRESS, 1_000, MINUTE).unit(Unit::ContentBytes),
    ]);
    let ada = world.from(1);
    assert!(world.ask(&ada, Cost::ONE.and_bytes(600)).is_admitted());
    let refused = world.ask(&ada, Cost::ONE.and_bytes(600));
    assert_eq!(refused.refused_by().unwrap().name, "bytes");
    assert!(world.ask(&ada, Cost::bytes(400)).is_admitted());
    let left: Vec<u64> = world
        .limiter
        .look(world.scope, Stage::Before, &ada, Cost::ONE.and_bytes(1))
        .quotas()
        .map(|quota| quota.remaining)
        .collect();
    assert_eq!(left, [0, 2], "bytes, requests");
    let never = world.ask(&world.from(2), Cost::bytes(1_001));
    assert!(!never.is_admitted() && never.retry_after().is_none(), "it never fits");
}

#[test]
fn what_is_under_way_ends_when_its_permit_is_dropped() {
    let world = World::new(vec![
        Rule::concurrent("downloads", ADDRESS, 2),
        Rule::new("address", ADDRESS, 100, MINUTE),
    ]);
    let ada = world.from(1);
    let first = world.ask(&ada, Cost::ONE).into_permit();
    let second = world.ask(&ada, Cost::ONE).into_permit();
    assert!(first.is_counted());
    assert!(!world.admits(&ada));
    world.pass(MINUTE * 60);
    assert!(!world.admits(&ada), "however long it takes");
    drop(first.and(second));
    let again = world.ask(&ada, Cost::ONE);
    assert!(again.is_admitted());
    drop(again);
    let mut third = world.ask(&ada, Cost::ONE);
    let permit = third.take_permit();
    drop(third);
    let fourth = world.ask(&ada, Cost::ONE).into_permit();
    world.limiter.set_rules(Vec::new()).unwrap();
    drop((permit, fourth));
    world.limiter.set_rules(vec![Rule::concurrent("downloads", ADDRESS, 2)]).unwrap();
    let both = [world.ask(&ada, Cost::ONE), world.ask(&ada, Cost::ONE)];
    assert!(both.iter().all(plexi_ratelimit::Decision::is_admitted), "what ended meanwhile has ended");
}
