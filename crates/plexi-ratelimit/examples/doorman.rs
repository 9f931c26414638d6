//! A doorman: rules for addresses, users and sign-in, a crowd that comes, and what each is told.
#![expect(clippy::print_stdout, reason = "an example shows something")]

use std::time::Duration;

use plexi_core::SystemEntropy;
use plexi_ratelimit::{Algorithm, Cost, Key, LimitError, Limiter, Part, Rule, Size, Stage, fields};

fn main() -> Result<(), LimitError> {
    let limiter = Limiter::new(Size::default(), &SystemEntropy::new())?;
    limiter.set_rules(vec![
        Rule::new("address", Key::of(Part::Address), 20, Duration::from_secs(1)),
        Rule::new("user", Key::of(Part::User), 5, Duration::from_secs(1)).within("write"),
        Rule::new("sign-in", Key::of(Part::Address), 3, Duration::from_mins(1))
            .algorithm(Algorithm::ExactWindow)
            .within("auth.sign_in"),
        Rule::concurrent("downloads", Key::of(Part::User), 1).within("files.get"),
        Rule::new("new", Key::GLOBAL, 10, Duration::from_secs(1)).shadow(true),
    ])?;
    limiter.set_tiers(&[("bot".to_owned(), 2_000)])?;

    let sign_in = limiter.scope(["auth.sign_in", "auth"])?;
    let post = limiter.scope(["messages.post", "write"])?;
    let download = limiter.scope(["files.get", "read"])?;

    let eve = limiter.subject().address([203, 0, 113, 66].into());
    for attempt in 1..=4 {
        let decision = limiter.decide(sign_in, Stage::Before, &eve, Cost::ONE);
        let told = decision.fields();
        println!(
            "sign-in {attempt}: admitted {}, RateLimit: {}, Retry-After: {:?}",
            decision.is_admitted(),
            told.limit,
            told.retry_after
        );
    }

    let robot = limiter.subject().address([192, 0, 2, 7].into()).user("robot").tier(limiter.tier("bot"));
    let before = limiter.decide(post, Stage::Before, &robot, Cost::ONE);
    let after = limiter.decide(post, Stage::After, &robot, Cost::ONE);
    println!("a post of a robot: RateLimit-Policy: {}", fields([&before, &after]).policy);

    let ada = limiter.subject().address([192, 0, 2, 8].into()).user("ada");
    let first = limiter.decide(download, Stage::After, &ada, Cost::ONE).into_permit();
    let second = limiter.decide(download, Stage::After, &ada, Cost::ONE);
    println!("a second download meanwhile: admitted {}", second.is_admitted());
    drop(first);
    let third = limiter.decide(download, Stage::After, &ada, Cost::ONE);
    println!("and after the first: admitted {}", third.is_admitted());

    for refusal in limiter.most_refused(3) {
        println!("refused {} times by {}: {}", refusal.times, refusal.rule, refusal.subject);
    }
    Ok(())
}
