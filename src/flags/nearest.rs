//! What a misspelt word probably was meant to be.

/// The name that is spelt most like `word`, unless none is close.
///
/// ```
/// use roundtrip::flags::nearest;
///
/// let names = ["test", "trace", "timeout"];
/// assert_eq!(nearest("tset", names), Some("test"));
/// assert_eq!(nearest("realm", names), None);
/// ```
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = |name: &'a str| Some((distance(word, name), name)).filter(|(far, _)| *far <= 2);
    let (_, name) = names.into_iter().filter_map(near).min()?;
    // Two changes make any word of two letters out of any other.
    (word.len() > 2).then_some(name)
}

/// How many letters have to be added, removed, replaced, or swapped with a neighbour (the
/// optimal string alignment distance, after Damerau 1964).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    // A row for each start of `a`, a column for each start of `b`.
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = usize::from(a[i - 1] != b[j - 1]);
            let mut least =
                (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + changed);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}
