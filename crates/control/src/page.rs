//! The size of a page, the same in all lists.

/// Source: "Lambda returns up to 50 functions per call" (API reference, ListFunctions); "Note that
/// ListVersionsByFunction returns a maximum of 50 items in each response, even if you set the number higher", and the
/// same of ListAliases; the greatest MaxItems of ListLayers and ListLayerVersions is 50, which is also what they show
/// unasked.
pub(crate) const MOST: usize = 50;

/// How many entries a caller gets.
pub(crate) fn size(max_items: Option<i64>) -> usize {
    max_items.and_then(|n| usize::try_from(n).ok()).unwrap_or(MOST).clamp(1, MOST)
}

/// The entries of a page, and whether there are more: `found` was asked for one more than `size`.
pub(crate) fn cut<T>(mut found: Vec<T>, size: usize) -> (Vec<T>, bool) {
    let more = found.len() > size;
    found.truncate(size);
    (found, more)
}
