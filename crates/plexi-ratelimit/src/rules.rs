//! The rules in force, and what holds where. Made anew with each change; what was counted stays in the cells.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::algorithm::{State, Terms, Times};
use crate::decision::{NEVER, Quota, Standing};
use crate::error::{LimitError, RuleError};
use crate::hash::Seed;
use crate::rule::{Algorithm, Rule};
use crate::subject::Part;

/// The most rules.
pub(crate) const MOST_RULES: usize = 64;
/// The most rules that hold at once.
pub(crate) const AT_ONCE: usize = 12;
/// As many usually hold: room for them needs no allocation.
pub(crate) const USUAL: usize = 6;
/// Shared cells of a rule, for keys that found none of their own.
const COARSE: usize = 16;

/// When a decision is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody knows yet who it is: all rules that do not tell users apart.
    Before,
    /// It is known who it is: the rules that tell users apart.
    After,
}

/// What has been counted of a rule since the limiter was made. Survives changes of the rules.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) admitted: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) shadowed: AtomicU64,
    pub(crate) crowded: AtomicU64,
}

impl Counters {
    pub(crate) fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// A cell that keys share which found none of their own.
#[derive(Default)]
pub(crate) struct Coarse {
    pub(crate) until: u64,
    pub(crate) state: State,
    pub(crate) times: Times,
}

/// What stays of a rule when the rules change.
pub(crate) struct Kept {
    pub(crate) counters: Counters,
    coarse: [Mutex<Coarse>; COARSE],
}

impl Kept {
    fn new() -> Self {
        Self { counters: Counters::default(), coarse: std::array::from_fn(|_| Mutex::default()) }
    }

    pub(crate) fn coarse(&self, key: u64) -> MutexGuard<'_, Coarse> {
        let at = usize::try_from(key % 16).unwrap_or_default();
        self.coarse[at % COARSE].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A rule in force.
pub(crate) struct Active {
    pub(crate) rule: Rule,
    /// What its keys begin with: the same as long as its name and the way it counts are.
    pub(crate) seed: u64,
    /// By tier.
    pub(crate) terms: Vec<Terms>,
    pub(crate) kept: Arc<Kept>,
}

/// The rules in force.
pub(crate) struct Rules {
    pub(crate) active: Vec<Active>,
    /// By scope: the rules that hold before and after it is known who it is.
    plans: Vec<[Vec<u16>; 2]>,
}

/// What a limiter is told about where rules hold and for whom.
#[derive(Clone, Debug, Default)]
pub(crate) struct Circumstances {
    /// By scope: its names, from the narrowest to the widest.
    pub(crate) scopes: Vec<Vec<String>>,
    /// By tier: thousandths of the usual quota; the first is the usual tier.
    pub(crate) tiers: Vec<u32>,
}

impl Rules {
    pub(crate) fn new(
        rules: Vec<Rule>,
        circumstances: &Circumstances,
        seed: Seed,
        before: Option<&Self>,
    ) -> Result<Self, LimitError> {
        if rules.len() > MOST_RULES {
            return Err(LimitError::TooMany(format!("{} rules, {MOST_RULES} are possible", rules.len())));
        }
        let mut names = HashSet::new();
        for rule in &rules {
            rule.check()?;
            if !names.insert(rule.name.clone()) {
                let problem = "another rule has its name";
                return Err(RuleError { rule: rule.name.clone(), problem }.into());
            }
        }
        let known: BTreeMap<&str, &Arc<Kept>> = before
            .iter()
            .flat_map(|rules| &rules.active)
            .map(|active| (&*active.rule.name, &active.kept))
            .collect();
        let active: Vec<Active> = rules
            .into_iter()
            .map(|rule| Active {
                seed: seed.of_bytes(0x80 | rule.algorithm as u8, rule.name.as_bytes()),
                terms: circumstances.tiers.iter().map(|thousandths| rule.terms(*thousandths)).collect(),
                kept: known.get(&*rule.name).map_or_else(|| Arc::new(Kept::new()), |kept| Arc::clone(kept)),
                rule,
            })
            .collect();
        let mut plans = Vec::with_capacity(circumstances.scopes.len());
        for names in &circumstances.scopes {
            plans.push(plan(&active, names)?);
        }
        Ok(Self { active, plans })
    }

    pub(crate) fn plan(&self, scope: usize, stage: Stage) -> &[u16] {
        self.plans.get(scope).map_or(&[], |plan| match stage {
            Stage::Before => &plan[0],
            Stage::After => &plan[1],
        })
    }

    pub(crate) fn is_shadow(&self, rule: u16) -> bool {
        self.active.get(usize::from(rule)).is_some_and(|active| active.rule.shadow)
    }

    pub(crate) fn quota(&self, standing: &Standing) -> Option<Quota<'_>> {
        let active = self.active.get(usize::from(standing.rule))?;
        let terms = active.terms.get(usize::from(standing.tier))?;
        Some(Quota {
            name: &active.rule.name,
            unit: active.rule.unit,
            algorithm: active.rule.algorithm,
            limit: terms.quota,
            remaining: standing.remaining,
            window: Duration::from_micros(terms.window),
            reset: Duration::from_micros(if standing.time == NEVER { terms.window } else { standing.time }),
            refused: standing.refused,
            shadow: active.rule.shadow,
        })
    }
}

fn plan(active: &[Active], names: &[String]) -> Result<[Vec<u16>; 2], LimitError> {
    let holds = |rule: &Rule| {
        let within = |scopes: &[String]| scopes.iter().any(|scope| names.contains(scope));
        (rule.scopes.is_empty() || within(&rule.scopes)) && !within(&rule.except)
    };
    let mut stages = [Vec::new(), Vec::new()];
    for (number, one) in active.iter().enumerate().filter(|(_, one)| holds(&one.rule)) {
        let stage = usize::from(one.rule.key.has(Part::User));
        stages[stage].push(u16::try_from(number).unwrap_or(u16::MAX));
    }
    // in the order of their names, whatever the order of the rules: that is the order in which shared cells are held
    for rules in &mut stages {
        rules.sort_by(|a, b| active[usize::from(*a)].rule.name.cmp(&active[usize::from(*b)].rule.name));
    }
    if stages.iter().any(|rules| rules.len() > AT_ONCE) {
        let scope = names.first().map_or("", String::as_str);
        return Err(LimitError::TooMany(format!("more than {AT_ONCE} hold at once in {scope}")));
    }
    Ok(stages)
}

impl Active {
    /// What it allows to a tier; the usual tier is always there.
    pub(crate) fn terms(&self, tier: usize) -> &Terms {
        self.terms.get(tier).unwrap_or(&self.terms[0])
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.rule.algorithm == Algorithm::ExactWindow
    }
}
