use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use arrayvec::ArrayVec;
use plexi_core::Entropy;
use smallvec::{SmallVec, smallvec};

use crate::algorithm::{State, Times, Verdict};
use crate::decision::{Decision, NEVER, Standing};
use crate::error::LimitError;
use crate::hash::Seed;
use crate::refusals::{Refusal, Refusals};
use crate::rule::{Algorithm, Rule, Unit};
use crate::rules::{AT_ONCE, Active, Circumstances, Coarse, Counters, Kept, Rules, Stage};
use crate::subject::{Subject, Tier};
use crate::table::{Bucket, Table};
use crate::ticker::{SystemTicker, Ticker};

/// The clock begins so late that nothing lies before its beginning, whatever the window.
const BEGINNING: u64 = 1 << 42;

/// How much memory a limiter takes, once and for all, and how it tells clients apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Keys that are remembered exactly, 65,536 usually: 40 bytes each. More of them share cells, and are told of.
    pub keys: usize,
    /// Keys of exact windows, 4,096 usually: 144 bytes each.
    pub exact_keys: usize,
    /// Bits of an IPv6 address that are one client, 64 usually.
    pub ipv6_prefix: u8,
}

impl Default for Size {
    fn default() -> Self {
        Self { keys: 65_536, exact_keys: 4_096, ipv6_prefix: 64 }
    }
}

/// Decides who may go on. Cheap to clone: all clones are one limiter.
///
/// A decision is all or nothing: a rule that refuses takes nothing from the others. It is exact: however many threads decide at the same
/// time, so many are admitted as the rules say and never one more.
#[derive(Clone)]
pub struct Limiter(Arc<Inner>);

struct Inner {
    rules: ArcSwap<Rules>,
    /// What the rules in force were made of. Held while they are changed.
    made_of: Mutex<MadeOf>,
    seed: Seed,
    size: Size,
    cells: Table<State>,
    exact: Table<Times>,
    refusals: Refusals,
    ticker: Arc<dyn Ticker>,
}

#[derive(Default)]
struct MadeOf {
    rules: Vec<Rule>,
    circumstances: Circumstances,
    tiers: Vec<String>,
}

/// A kind of operation, as [`Limiter::scope`] gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope(usize);

/// What something costs, by what is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    requests: u64,
    bytes: u64,
}

impl Cost {
    /// One request.
    pub const ONE: Self = Self { requests: 1, bytes: 0 };

    /// So many requests.
    pub const fn requests(requests: u64) -> Self {
        Self { requests, bytes: 0 }
    }

    /// So many bytes, of a request that is counted already.
    pub const fn bytes(bytes: u64) -> Self {
        Self { requests: 0, bytes }
    }

    /// And so many bytes.
    #[must_use]
    pub const fn and_bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    const fn of(self, unit: Unit) -> u64 {
        match unit {
            Unit::Requests => self.requests,
            Unit::ContentBytes => self.bytes,
        }
    }
}

/// How a rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
pub struct RuleStats {
    /// Its name.
    pub name: String,
    /// Whom it tells apart: parts joined by `+`.
    pub key: String,
    /// How it counts.
    pub algorithm: Algorithm,
    /// What it counts.
    pub unit: Unit,
    /// So much in a window.
    pub limit: u64,
    /// The window, in milliseconds.
    pub window_ms: u64,
    /// It only counts.
    pub shadow: bool,
    /// What it admitted since the limiter was made.
    pub admitted: u64,
    /// What it refused.
    pub refused: u64,
    /// What it would have refused if it did more than count.
    pub shadowed: u64,
    /// Decisions for which it had no cell of the key's own.
    pub crowded: u64,
}

impl Limiter {
    /// A limiter without rules, which admits everything.
    ///
    /// # Errors
    /// [`LimitError::Entropy`] when there is no random number for its key.
    pub fn new(size: Size, entropy: &dyn Entropy) -> Result<Self, LimitError> {
        Self::with_ticker(size, entropy, Arc::new(SystemTicker::new()))
    }

    /// As [`Limiter::new`], by another clock.
    ///
    /// # Errors
    /// As [`Limiter::new`].
    pub fn with_ticker(
        size: Size,
        entropy: &dyn Entropy,
        ticker: Arc<dyn Ticker>,
    ) -> Result<Self, LimitError> {
        let seed = Seed::new(entropy)?;
        let mut made_of = MadeOf::default();
        made_of.circumstances.tiers.push(1_000);
        made_of.tiers.push(String::new());
        let rules = Rules::new(Vec::new(), &made_of.circumstances, seed, None)?;
        Ok(Self(Arc::new(Inner {
            rules: ArcSwap::from_pointee(rules),
            made_of: Mutex::new(made_of),
            seed,
            size,
            cells: Table::new(size.keys),
            exact: Table::new(size.exact_keys),
            refusals: Refusals::default(),
            ticker,
        })))
    }

    /// Puts other rules in force, at once and whole. What was counted under a name stays counted, as long as it is counted in the same way.
    ///
    /// # Errors
    /// [`LimitError::Rule`] or [`LimitError::TooMany`]; then nothing changes.
    pub fn set_rules(&self, rules: Vec<Rule>) -> Result<(), LimitError> {
        let mut made_of = self.made_of();
        self.put_in_force(&rules, &made_of.circumstances)?;
        made_of.rules = rules;
        Ok(())
    }

    /// What tiers of users may, in thousandths of the usual quota (2,500 is two and a half times as much). Others have the usual one. Only rules
    /// that tell users apart heed it.
    ///
    /// # Errors
    /// As [`Limiter::set_rules`].
    pub fn set_tiers(&self, tiers: &[(String, u32)]) -> Result<(), LimitError> {
        let mut made_of = self.made_of();
        let mut circumstances = made_of.circumstances.clone();
        let mut names = made_of.tiers.clone();
        // a tier keeps its number, since somebody may hold it
        circumstances.tiers.fill(1_000);
        for (name, thousandths) in tiers {
            if let Some(at) = names.iter().position(|known| known == name) {
                circumstances.tiers[at] = *thousandths;
            } else {
                names.push(name.clone());
                circumstances.tiers.push(*thousandths);
            }
        }
        let rules = made_of.rules.clone();
        self.put_in_force(&rules, &circumstances)?;
        made_of.circumstances = circumstances;
        made_of.tiers = names;
        Ok(())
    }

    /// The tier of that name; the usual one when there is none.
    pub fn tier(&self, name: &str) -> Tier {
        Tier(self.made_of().tiers.iter().position(|known| known == name).unwrap_or_default())
    }

    /// Makes a kind of operation known under its names, the narrowest first: `["messages.post", "write"]`. To be done once for each, when the
    /// host starts.
    ///
    /// # Errors
    /// [`LimitError::TooMany`] when too many rules would hold there.
    pub fn scope<S: Into<String>>(&self, names: impl IntoIterator<Item = S>) -> Result<Scope, LimitError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut made_of = self.made_of();
        if let Some(at) = made_of.circumstances.scopes.iter().position(|known| *known == names) {
            return Ok(Scope(at));
        }
        let mut circumstances = made_of.circumstances.clone();
        circumstances.scopes.push(names);
        let rules = made_of.rules.clone();
        self.put_in_force(&rules, &circumstances)?;
        made_of.circumstances = circumstances;
        Ok(Scope(made_of.circumstances.scopes.len() - 1))
    }

    /// Whether a rule only counts, from now on.
    ///
    /// # Errors
    /// [`LimitError::NoRule`].
    pub fn set_shadow(&self, rule: &str, shadow: bool) -> Result<(), LimitError> {
        let mut made_of = self.made_of();
        let mut rules = made_of.rules.clone();
        let found = rules.iter_mut().find(|known| known.name == rule);
        found.ok_or_else(|| LimitError::NoRule(rule.to_owned()))?.shadow = shadow;
        self.put_in_force(&rules, &made_of.circumstances)?;
        made_of.rules = rules;
        Ok(())
    }

    fn put_in_force(&self, rules: &[Rule], circumstances: &Circumstances) -> Result<(), LimitError> {
        let before = self.0.rules.load();
        let now = Rules::new(rules.to_vec(), circumstances, self.0.seed, Some(&before))?;
        self.0.rules.store(Arc::new(now));
        Ok(())
    }

    fn made_of(&self) -> MutexGuard<'_, MadeOf> {
        // each part is replaced whole
        self.0.made_of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody, of whom nothing is known yet.
    pub fn subject<'a>(&self) -> Subject<'a> {
        Subject::new(self.0.seed, self.0.size.ipv6_prefix)
    }

    /// Decides, and takes the cost from all rules that hold, or from none.
    pub fn decide(&self, scope: Scope, stage: Stage, subject: &Subject<'_>, cost: Cost) -> Decision {
        self.judge(scope, stage, subject, cost, Mode::Take)
    }

    /// What the decision would be; takes nothing.
    pub fn look(&self, scope: Scope, stage: Stage, subject: &Subject<'_>, cost: Cost) -> Decision {
        self.judge(scope, stage, subject, cost, Mode::Look)
    }

    /// Forgets what was counted for a subject, in all rules or in one. Tells of how many rules there was something to forget.
    pub fn reset(&self, rule: Option<&str>, subject: &Subject<'_>) -> usize {
        let rules = self.0.rules.load();
        let meant = rules.active.iter().filter(|active| rule.is_none_or(|name| active.rule.name == name));
        meant
            .filter(|active| {
                subject.key(active.seed, active.rule.key).is_some_and(|key| self.forget(active, key))
            })
            .count()
    }

    fn forget(&self, active: &Active, key: u64) -> bool {
        if active.is_exact() {
            self.0.exact.hold(self.0.exact.bucket(key)).change(key, |_| None)
        } else if active.rule.algorithm == Algorithm::Concurrent {
            // what is under way is under way
            false
        } else {
            self.0.cells.hold(self.0.cells.bucket(key)).change(key, |_| None)
        }
    }

    /// How each rule does.
    pub fn stats(&self) -> Vec<RuleStats> {
        use std::sync::atomic::Ordering::Relaxed;
        let rules = self.0.rules.load();
        let stats = rules.active.iter().map(|Active { rule, kept, .. }| RuleStats {
            name: rule.name.clone(),
            key: rule.key.to_string(),
            algorithm: rule.algorithm,
            unit: rule.unit,
            limit: rule.quota,
            window_ms: u64::try_from(rule.window.as_millis()).unwrap_or(u64::MAX),
            shadow: rule.shadow,
            admitted: kept.counters.admitted.load(Relaxed),
            refused: kept.counters.refused.load(Relaxed),
            shadowed: kept.counters.shadowed.load(Relaxed),
            crowded: kept.counters.crowded.load(Relaxed),
        });
        stats.collect()
    }

    /// Who was refused most of late, and by what.
    pub fn most_refused(&self, at_most: usize) -> Vec<Refusal> {
        self.0.refusals.top(at_most, self.now())
    }

    /// How many keys are remembered now, and how many could be.
    pub fn keys(&self) -> (usize, usize) {
        let now = self.now();
        let used = self.0.cells.in_use(now) + self.0.exact.in_use(now);
        (used, self.0.cells.cells() + self.0.exact.cells())
    }

    fn now(&self) -> u64 {
        BEGINNING.saturating_add(self.0.ticker.micros())
    }

    fn judge(&self, scope: Scope, stage: Stage, subject: &Subject<'_>, cost: Cost, mode: Mode) -> Decision {
        let rules = self.0.rules.load();
        let mut asked: ArrayVec<Asked, AT_ONCE> = ArrayVec::new();
        for number in rules.plan(scope.0, stage) {
            let Some(active) = rules.active.get(usize::from(*number)) else { continue };
            let cost = cost.of(active.rule.unit);
            let (true, Some(key)) = (cost > 0, subject.key(active.seed, active.rule.key)) else { continue };
            let exact = active.is_exact();
            let bucket = if exact { self.0.exact.bucket(key) } else { self.0.cells.bucket(key) };
            asked.push(Asked { number: *number, exact, bucket, key, cost });
        }
        let mut standings = SmallVec::new();
        let mut under_way: SmallVec<[UnderWay; 2]> = SmallVec::new();
        let mut admitted = true;
        if !asked.is_empty() {
            let now = self.now();
            let mut held = HeldBuckets::of(&self.0, &asked);
            let mut findings: ArrayVec<Finding, AT_ONCE> = ArrayVec::new();
            for one in &asked {
                let active = &rules.active[usize::from(one.number)];
                let finding = held.judge(one, active, now, subject.tier);
                admitted &= !finding.refuses || active.rule.shadow;
                findings.push(finding);
            }
            for (one, finding) in asked.iter().zip(&findings) {
                let active = &rules.active[usize::from(one.number)];
                let takes = admitted && !finding.refuses && mode == Mode::Take;
                standings.push(finding.standing(one, subject.tier, now, takes));
                if mode == Mode::Take {
                    finding.count(active, admitted);
                }
                if takes {
                    if active.rule.algorithm == Algorithm::Concurrent {
                        under_way.push(UnderWay::new(one, finding, active));
                    }
                    held.put(one, finding);
                }
            }
        }
        if mode == Mode::Take && !admitted {
            self.note_refusals(&rules, subject, &asked, &standings);
        }
        let held = (!under_way.is_empty()).then(|| Held(smallvec![(self.clone(), under_way)]));
        Decision { rules, standings, held, admitted }
    }

    #[cold]
    fn note_refusals(&self, rules: &Rules, subject: &Subject<'_>, asked: &[Asked], standings: &[Standing]) {
        let now = self.now();
        for (one, standing) in asked.iter().zip(standings) {
            let rule = &rules.active[usize::from(one.number)].rule;
            if standing.refused && !rule.shadow {
                self.0.refusals.note(one.key, now, || (rule.name.clone(), subject.shown(rule.key)));
            }
        }
    }

    fn end(&self, ended: &UnderWay) {
        if let Some(kept) = &ended.shared {
            let mut coarse = kept.coarse(ended.key);
            coarse.state[0] = coarse.state[0].saturating_sub(ended.cost);
            return;
        }
        let mut bucket = self.0.cells.hold(self.0.cells.bucket(ended.key));
        bucket.change(ended.key, |[under_way, ..]| {
            let left = under_way.saturating_sub(ended.cost);
            (left > 0).then_some([left, 0, 0])
        });
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").field("rules", &self.0.rules.load().active.len()).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Take,
    Look,
}

/// What is asked of a rule that holds.
struct Asked {
    number: u16,
    exact: bool,
    bucket: usize,
    key: u64,
    cost: u64,
}

/// What a rule says.
struct Finding {
    seat: Seat,
    refuses: bool,
    /// If it is admitted: what is to be put. Of an exact window the place in the list of those.
    next: State,
    until: u64,
    /// What is left if it is done, or as it is.
    remaining: u64,
    /// After how long it would not refuse any more.
    wait: u64,
}

/// Where the count of a key is.
#[derive(Clone, Copy)]
enum Seat {
    /// A cell of its own, in a bucket that is held.
    Own { held: u8, cell: u8 },
    /// One that it shares with others, that is held, too.
    Shared(u8),
}

/// All that is held for a decision: in one order by everybody, so that nobody waits for somebody who waits for them. First the buckets by
/// their numbers, then those of exact windows, then shared cells by the names of the rules.
struct HeldBuckets<'a> {
    numbers: ArrayVec<usize, AT_ONCE>,
    /// With each the cells that were given to somebody in this decision.
    buckets: ArrayVec<(MutexGuard<'a, Bucket<State>>, u8), AT_ONCE>,
    exact_numbers: ArrayVec<usize, AT_ONCE>,
    exact_buckets: ArrayVec<(MutexGuard<'a, Bucket<Times>>, u8), AT_ONCE>,
    exact_next: SmallVec<[Times; 1]>,
    shared: SmallVec<[MutexGuard<'a, Coarse>; 1]>,
}

impl<'a> HeldBuckets<'a> {
    fn of(inner: &'a Inner, asked: &[Asked]) -> Self {
        let mut all = Self {
            numbers: ArrayVec::new(),
            buckets: ArrayVec::new(),
            exact_numbers: ArrayVec::new(),
            exact_buckets: ArrayVec::new(),
            exact_next: SmallVec::new(),
            shared: SmallVec::new(),
        };
        for one in asked {
            let numbers = if one.exact { &mut all.exact_numbers } else { &mut all.numbers };
            into_order(numbers, one.bucket);
        }
        for number in &all.numbers {
            all.buckets.push((inner.cells.hold(*number), 0));
        }
        for number in &all.exact_numbers {
            all.exact_buckets.push((inner.exact.hold(*number), 0));
        }
        all
    }

    fn judge(&mut self, one: &Asked, active: &'a Active, now: u64, tier: usize) -> Finding {
        let terms = active.terms(tier);
        if one.exact {
            let at = place(&self.exact_numbers, one.bucket);
            let (bucket, taken) = &mut self.exact_buckets[usize::from(at)];
            let found = bucket.find(one.key, now, *taken);
            let (seat, times) = match found {
                Some((cell, times)) => (own(at, cell, taken), times),
                None => self.share(active, one.key, now, |coarse| coarse.times),
            };
            let nth = u64::try_from(self.exact_next.len()).unwrap_or_default();
            return Finding::of(seat, terms.judge_exactly(&times, now, one.cost), |next| {
                self.exact_next.push(next);
                [nth, 0, 0]
            });
        }
        let at = place(&self.numbers, one.bucket);
        let (bucket, taken) = &mut self.buckets[usize::from(at)];
        let found = bucket.find(one.key, now, *taken);
        let (seat, state) = match found {
            Some((cell, state)) => (own(at, cell, taken), state),
            None => self.share(active, one.key, now, |coarse| coarse.state),
        };
        Finding::of(seat, terms.judge(&state, now, one.cost), |next| next)
    }

    /// A cell that the key shares with others.
    #[cold]
    fn share<S: Default>(
        &mut self,
        active: &'a Active,
        key: u64,
        now: u64,
        held: impl Fn(&Coarse) -> S,
    ) -> (Seat, S) {
        Counters::count(&active.kept.counters.crowded);
        let coarse = active.kept.coarse(key);
        let state = if coarse.until > now { held(&coarse) } else { S::default() };
        self.shared.push(coarse);
        (Seat::Shared(u8::try_from(self.shared.len() - 1).unwrap_or_default()), state)
    }

    fn put(&mut self, one: &Asked, finding: &Finding) {
        let times = |all: &[Times]| {
            let at = usize::try_from(finding.next[0]).unwrap_or_default();
            all.get(at).copied().unwrap_or_default()
        };
        match finding.seat {
            Seat::Own { held, cell } if one.exact => {
                let next = times(&self.exact_next);
                self.exact_buckets[usize::from(held)].0.put(usize::from(cell), one.key, next, finding.until);
            }
            Seat::Own { held, cell } => {
                self.buckets[usize::from(held)].0.put(
                    usize::from(cell),
                    one.key,
                    finding.next,
                    finding.until,
                );
            }
            Seat::Shared(at) => {
                let next = if one.exact { times(&self.exact_next) } else { Times::default() };
                let coarse = &mut self.shared[usize::from(at)];
                coarse.until = finding.until;
                if one.exact {
                    coarse.times = next;
                } else {
                    coarse.state = finding.next;
                }
            }
        }
    }
}

/// Puts a number in its place among those that rise, if it is not among them.
fn into_order(numbers: &mut ArrayVec<usize, AT_ONCE>, number: usize) {
    let at = numbers.iter().position(|known| *known >= number).unwrap_or(numbers.len());
    if numbers.get(at) != Some(&number) {
        numbers.insert(at, number);
    }
}

/// Where a bucket stands among those that are held. They are few.
fn place(numbers: &[usize], bucket: usize) -> u8 {
    let at = numbers.iter().position(|number| *number == bucket).unwrap_or_default();
    u8::try_from(at).unwrap_or_default()
}

fn own(held: u8, cell: usize, taken: &mut u8) -> Seat {
    *taken |= 1 << cell;
    Seat::Own { held, cell: u8::try_from(cell).unwrap_or_default() }
}

impl Finding {
    fn of<S>(seat: Seat, verdict: Verdict<S>, next: impl FnOnce(S) -> State) -> Self {
        match verdict {
            Verdict::Admit { next: state, until, remaining } => {
                Self { seat, refuses: false, next: next(state), until, remaining, wait: 0 }
            }
            Verdict::Deny { wait, remaining, until } => Self {
                seat,
                refuses: true,
                next: State::default(),
                until,
                remaining,
                wait: wait.unwrap_or(NEVER),
            },
        }
    }

    fn standing(&self, one: &Asked, tier: usize, now: u64, taken: bool) -> Standing {
        // what is not taken is still there
        let remaining = if taken || self.refuses { self.remaining } else { self.remaining + one.cost };
        let reset = if self.until == u64::MAX { 0 } else { self.until.saturating_sub(now) };
        Standing {
            rule: one.number,
            tier: u16::try_from(tier).unwrap_or_default(),
            refused: self.refuses,
            remaining,
            time: if self.refuses { self.wait } else { reset },
        }
    }

    fn count(&self, active: &Active, admitted: bool) {
        let counters = &active.kept.counters;
        if self.refuses {
            let counter = if active.rule.shadow { &counters.shadowed } else { &counters.refused };
            Counters::count(counter);
        } else if admitted {
            Counters::count(&counters.admitted);
        }
    }
}

/// Something under way, in one rule.
struct UnderWay {
    key: u64,
    cost: u64,
    /// It is counted where others are, too.
    shared: Option<Arc<Kept>>,
}

impl UnderWay {
    fn new(one: &Asked, finding: &Finding, active: &Active) -> Self {
        let shared = matches!(finding.seat, Seat::Shared(_)).then(|| Arc::clone(&active.kept));
        Self { key: one.key, cost: one.cost, shared }
    }
}

/// What is under way until this is dropped.
pub(crate) struct Held(SmallVec<[(Limiter, SmallVec<[UnderWay; 2]>); 1]>);

impl Held {
    pub(crate) fn join(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        for (limiter, ended) in self.0.drain(..) {
            for one in &ended {
                limiter.end(one);
            }
        }
    }
}
