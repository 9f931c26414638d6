//! Which span a thread is in. The registry knows it as well, but to ask it costs more than to remember it.

use std::cell::RefCell;

/// A span that was entered, of which layer, and whether it was in the list before.
struct Entered {
    layer: u64,
    span: u64,
    again: bool,
}

thread_local! {
    static ENTERED: RefCell<Vec<Entered>> = const { RefCell::new(Vec::new()) };
}

/// The thread enters a span. A thread that ends remembers nothing.
pub(crate) fn enter(layer: u64, span: u64) {
    let _ = ENTERED.try_with(|list| {
        let mut list = list.borrow_mut();
        let again = list.iter().any(|one| (one.layer, one.span) == (layer, span));
        list.push(Entered { layer, span, again });
    });
}

/// The thread leaves a span.
pub(crate) fn exit(layer: u64, span: u64) {
    let _ = ENTERED.try_with(|list| {
        let mut list = list.borrow_mut();
        if let Some(at) = list.iter().rposition(|one| (one.layer, one.span) == (layer, span)) {
            list.remove(at);
        }
    });
}

/// The span the thread is in: as in the registry, the last one that was not entered before.
pub(crate) fn current(layer: u64) -> Option<u64> {
    let last = ENTERED.try_with(|list| {
        list.borrow().iter().rev().find(|one| one.layer == layer && !one.again).map(|one| one.span)
    });
    last.ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_current_span_is_the_last_one_entered_for_the_first_time() {
        assert_eq!(current(1), None);
        for span in [10, 20, 10] {
            enter(1, span);
        }
        enter(2, 99);
        assert_eq!((current(1), current(2)), (Some(20), Some(99)));
        exit(1, 20);
        assert_eq!(current(1), Some(10));
        exit(1, 10);
        exit(1, 10);
        assert_eq!((current(1), current(2)), (None, Some(99)));
        exit(2, 99);
        exit(2, 99);
        assert_eq!(current(2), None);
    }
}
