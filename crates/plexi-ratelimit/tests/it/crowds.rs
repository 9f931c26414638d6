//! More keys than there is room for.

use std::net::{IpAddr, Ipv6Addr};

use plexi_ratelimit::{Algorithm, Cost, Key, Part, Rule, Size};

use crate::{MINUTE, SECOND, World};

fn address(number: u32) -> IpAddr {
    Ipv6Addr::from(u128::from(number) << 64 | 1 << 125).into()
}

#[test]
fn a_crowd_shares_cells_and_nothing_is_open() {
    for algorithm in
        [Algorithm::TokenBucket, Algorithm::FixedWindow, Algorithm::SlidingWindow, Algorithm::ExactWindow]
    {
        let size = Size { keys: 1_024, exact_keys: 1_024, ..Size::default() };
        let rule = Rule::new("address", Key::of(Part::Address), 4, MINUTE).algorithm(algorithm);
        let world = World::sized(size, vec![rule]);
        let ask =
            |number| world.ask(&world.limiter.subject().address(address(number)), Cost::ONE).is_admitted();
        let admitted = (0..20_000).filter(|number| ask(*number)).count();
        // one each of those who found a cell, and four in each shared one
        assert!(admitted <= 1_024 + 16 * 4, "{algorithm:?}: {admitted}");
        let stats = &world.limiter.stats()[0];
        assert!(stats.crowded > 15_000, "{algorithm:?}: it is told");
        let (used, room) = world.limiter.keys();
        assert!(used <= 1_024 && room == 2_048);
        world.pass(MINUTE * 2);
        let admitted = (50_000..50_500).filter(|number| ask(*number)).count();
        assert!(admitted >= 450, "{algorithm:?}: who needs no cell any more leaves it to others: {admitted}");
    }
}

#[test]
fn a_key_whose_time_has_passed_loses_nothing_when_its_cell_goes() {
    let size = Size { keys: 8, ..Size::default() };
    let world = World::sized(size, vec![Rule::new("address", Key::of(Part::Address), 10, SECOND * 10)]);
    let ada = world.from(1);
    assert_eq!(world.admitted(&ada, 5), 5);
    // five tokens come back in five seconds
    world.pass(SECOND * 5);
    for number in 0..8 {
        assert!(world.ask(&world.limiter.subject().address(address(number)), Cost::ONE).is_admitted());
    }
    assert_eq!(world.admitted(&ada, 20), 10, "as if it had kept its cell");
}

#[test]
fn what_is_under_way_is_not_forgotten_for_others() {
    let size = Size { keys: 8, ..Size::default() };
    let world = World::sized(size, vec![Rule::concurrent("address", Key::of(Part::Address), 1)]);
    let subject = |number| world.limiter.subject().address(address(number));
    let permits: Vec<_> = (0..8).map(|number| world.ask(&subject(number), Cost::ONE)).collect();
    assert!(permits.iter().all(plexi_ratelimit::Decision::is_admitted));
    world.pass(MINUTE);
    let crowded: Vec<_> = (100..200).map(|number| world.ask(&subject(number), Cost::ONE)).collect();
    let admitted = crowded.iter().filter(|decision| decision.is_admitted()).count();
    assert!((1..=16).contains(&admitted), "the shared cells: {admitted}");
    assert!((0..8).all(|number| !world.admits(&subject(number))), "each has one under way");
    drop(crowded);
    let again: Vec<_> = (100..200).map(|number| world.ask(&subject(number), Cost::ONE)).collect();
    assert_eq!(
        again.iter().filter(|decision| decision.is_admitted()).count(),
        admitted,
        "shared places are free again"
    );
}
