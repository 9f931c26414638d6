use super::*;
use biscuit_auth::{BlockBuilder, UnverifiedBiscuit};
use plexi_core::SeededEntropy;

const START: i64 = 1_800_000_000;

fn tokens(seed: u64) -> AccessTokens {
    let entropy = Arc::new(SeededEntropy::new(seed));
    AccessTokens::new(TokenKeys::generate(&*entropy).unwrap(), entropy)
}

fn claims() -> Claims {
    Claims {
        user: UserId::from_uuid(Uuid::from_u128(1)),
        session: SessionId::from_uuid(Uuid::from_u128(2)),
        epoch: 3,
        expires_at: at(600),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(START + seconds)
}

/// Verifies and asks at once, as for a request.
fn verify(
    tokens: &AccessTokens,
    text: &str,
    now: Timestamp,
    purpose: Option<Purpose>,
) -> Result<Claims, AuthError> {
    let (claims, narrowing, _) = tokens.verify(text, now)?;
    narrowing.permits(now, purpose)?;
    Ok(claims)
}

const READ: Option<Purpose> = Some(Purpose::read("messages.window"));
const WRITE: Option<Purpose> = Some(Purpose::write("messages.post"));

fn narrowed(text: &Secret<String>, block: &str) -> String {
    let token = UnverifiedBiscuit::from(BASE64.decode(text.expose()).unwrap()).unwrap();
    let block = BlockBuilder::new().code(block).unwrap();
    BASE64.encode(token.append(block).unwrap().to_vec().unwrap())
}

#[test]
fn a_token_says_what_it_was_issued_with_until_its_time_is_over() {
    let tokens = tokens(1);
    let text = tokens.issue(&claims()).unwrap();
    assert!(text.expose().len() < 500, "{}", text.expose().len());
    assert_eq!(verify(&tokens, text.expose(), at(0), None).unwrap(), claims());
    assert_eq!(verify(&tokens, text.expose(), at(599), READ).unwrap(), claims());
    assert!(matches!(verify(&tokens, text.expose(), at(600), None), Err(AuthError::TokenExpired)));
}

#[test]
fn a_token_of_another_root_key_is_refused() {
    let text = tokens(1).issue(&claims()).unwrap();
    assert!(matches!(verify(&tokens(2), text.expose(), at(0), None), Err(AuthError::TokenInvalid)));
}

#[test]
fn after_a_rotation_old_tokens_count_until_they_expire_and_new_ones_are_of_the_new_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token.key");
    let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(7));
    let tokens = AccessTokens::new(TokenKeys::load_or_create(&path, &*entropy).unwrap(), entropy.clone());
    let before = tokens.fingerprint();
    let hour = Claims { expires_at: at(3_600), ..claims() };
    let old = tokens.issue(&hour).unwrap();
    let (_, _, old_key) = tokens.verify(old.expose(), at(0)).unwrap();
    tokens.replace_keys(TokenKeys::rotate(&path, &*entropy, at(0), FormerKeys::Kept).unwrap());
    assert_ne!(tokens.fingerprint(), before);
    let new = tokens.issue(&claims()).unwrap();
    assert_eq!(verify(&tokens, new.expose(), at(1), None).unwrap(), claims());
    assert_eq!(verify(&tokens, old.expose(), at(3_599), None).unwrap(), hour);
    assert!(verify(&tokens, old.expose(), at(3_600), None).is_err());
    assert!(tokens.trusts(old_key, at(1)), "a rotation for its own sake takes nothing back");

    let restarted = AccessTokens::new(TokenKeys::load_or_create(&path, &*entropy).unwrap(), entropy.clone());
    assert_eq!(verify(&restarted, old.expose(), at(10), None).unwrap(), hour, "also after a restart");
    assert_eq!(verify(&restarted, new.expose(), at(10), None).unwrap(), claims());
    restarted.replace_keys(TokenKeys::rotate(&path, &*entropy, at(3_600), FormerKeys::Kept).unwrap());
    let forged = tokens.issue(&Claims { expires_at: at(9_000), ..claims() }).unwrap();
    assert!(
        verify(&restarted, forged.expose(), at(3_601), None).is_ok(),
        "the key before is good for an hour"
    );
    assert!(
        verify(&restarted, forged.expose(), at(7_200), None).is_err(),
        "and not for longer, whatever it signed"
    );
    let last = restarted.issue(&Claims { expires_at: at(9_000), ..claims() }).unwrap();
    restarted.replace_keys(TokenKeys::rotate(&path, &*entropy, at(3_700), FormerKeys::Revoked).unwrap());
    assert!(verify(&restarted, last.expose(), at(3_700), None).is_err(), "revoked is over at once");
    assert!(verify(&restarted, forged.expose(), at(3_700), None).is_err(), "with all before it");
    assert!(!restarted.trusts(old_key, at(1)));
}

#[test]
fn a_holder_can_narrow_a_token_in_time_and_operation() {
    let tokens = tokens(1);
    let whole = tokens.issue(&claims()).unwrap();
    let reading = narrowed(&whole, r#"check if operation("read") or operation("list");"#);
    assert_eq!(verify(&tokens, &reading, at(0), READ).unwrap(), claims());
    assert!(matches!(verify(&tokens, &reading, at(0), WRITE), Err(AuthError::Restricted)));
    assert!(matches!(verify(&tokens, &reading, at(0), None), Err(AuthError::Restricted)));
    let posting = narrowed(&whole, r#"check if operation("messages.post");"#);
    assert_eq!(verify(&tokens, &posting, at(0), WRITE).unwrap(), claims());
    assert!(matches!(verify(&tokens, &posting, at(0), READ), Err(AuthError::Restricted)));
    let short = narrowed(&whole, "check if time($now), $now < 2027-01-15T08:01:00Z && true;");
    assert!(verify(&tokens, &short, at(59), None).is_ok());
    assert!(matches!(verify(&tokens, &short, at(60), None), Err(AuthError::Restricted)));
}

#[test]
fn what_was_added_binds_whoever_goes_on_acting_by_the_token() {
    let tokens = tokens(1);
    let whole = tokens.issue(&claims()).unwrap();
    let (_, nothing, _) = tokens.verify(whole.expose(), at(0)).unwrap();
    assert!(nothing.is_none());
    assert!(nothing.permits(at(10_000), WRITE).is_ok(), "the session decides, not the token that began it");
    let short = narrowed(&whole, "check if time($now), $now < 2027-01-15T08:01:00Z;");
    let (_, kept, _) = tokens.verify(&short, at(0)).unwrap();
    assert!(kept.permits(at(59), WRITE).is_ok());
    assert!(matches!(kept.permits(at(60), WRITE), Err(AuthError::Restricted)));
    let (_, kept, _) = tokens.verify(&narrowed(&whole, "check if true;"), at(0)).unwrap();
    assert!(kept.permits(at(599), WRITE).is_ok());
    assert!(matches!(kept.permits(at(600), WRITE), Err(AuthError::TokenExpired)));
}

#[test]
fn a_block_that_would_widen_or_burn_time_is_refused() {
    let tokens = tokens(1);
    let whole = tokens.issue(&claims()).unwrap();
    let widening = [
        r#"operation("read");"#,
        "time(2020-01-01T00:00:00Z);",
        "session(hex:00000000000000000000000000000009, hex:00000000000000000000000000000009, 9, 2099-01-01T00:00:00Z);",
        "f(1); g($x) <- f($x);",
        r#"check if operation($o), $o.matches("(a{100}){100}");"#,
        "check if [1, 2, 3].all($x -> [1, 2, 3].any($y -> $x == $y));",
        r#"check if operation($a), operation($b), operation($c), operation($d), $a == "x";"#,
    ];
    for block in widening {
        assert!(
            matches!(verify(&tokens, &narrowed(&whole, block), at(0), READ), Err(AuthError::TokenInvalid)),
            "{block}"
        );
    }
}

#[test]
fn a_query_joins_three_predicates_and_a_block_asks_thirty_two_queries_and_no_more() {
    let tokens = tokens(1);
    let whole = tokens.issue(&claims()).unwrap();
    let joined =
        narrowed(&whole, r#"check if operation($a), operation($b), time($t), $a == "read", $b == "read";"#);
    assert!(verify(&tokens, &joined, at(0), READ).is_ok());
    let asking = |count: usize| {
        let query = r#"operation("read")"#;
        format!("check if {};", vec![query; count].join(" or "))
    };
    assert!(verify(&tokens, &narrowed(&whole, &asking(32)), at(0), READ).is_ok());
    let refused = verify(&tokens, &narrowed(&whole, &asking(33)), at(0), READ);
    assert!(matches!(refused, Err(AuthError::TokenInvalid)));
}

#[test]
fn a_token_grows_to_eight_blocks_and_no_further() {
    let tokens = tokens(1);
    let mut text = tokens.issue(&claims()).unwrap();
    for blocks in 2..=MAX_BLOCKS + 1 {
        text = Secret::new(narrowed(&text, "check if true;"));
        assert_eq!(
            verify(&tokens, text.expose(), at(0), None).is_ok(),
            blocks <= MAX_BLOCKS,
            "{blocks} blocks"
        );
    }
}

#[test]
fn a_text_that_is_too_long_is_refused_unread() {
    let refused = verify(&tokens(1), &"A".repeat(1 << 20), at(0), None);
    assert!(matches!(refused, Err(AuthError::TokenInvalid)));
}

#[test]
fn a_limit_says_busy_and_never_invalid() {
    for limit in [RunLimit::Timeout, RunLimit::TooManyFacts, RunLimit::TooManyIterations] {
        assert!(matches!(refusal(&BiscuitError::RunLimit(limit)), AuthError::Overloaded));
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_are_refused(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000)) {
        let refused = tokens(1).verify(&BASE64.encode(bytes), at(0));
        proptest::prop_assert!(matches!(refused, Err(AuthError::TokenInvalid)));
    }

    #[test]
    fn arbitrary_text_is_refused(text: String) {
        proptest::prop_assert!(matches!(tokens(1).verify(&text, at(0)), Err(AuthError::TokenInvalid)));
    }

    #[test]
    fn a_token_with_one_byte_changed_is_refused(position: proptest::sample::Index, by in 1_u8..=255) {
        let tokens = tokens(1);
        let whole = tokens.issue(&claims()).unwrap();
        let mut bytes = BASE64.decode(narrowed(&whole, "check if time($t);")).unwrap();
        let position = position.index(bytes.len());
        bytes[position] = bytes[position].wrapping_add(by);
        let verified = verify(&tokens, &BASE64.encode(&bytes), at(0), None);
        // A few bytes say nothing (an unused flag of the encoding); what is accepted must still say the same.
        if let Ok(said) = verified {
            proptest::prop_assert_eq!(said, claims());
        }
    }
}
