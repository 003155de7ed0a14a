//! How much two names differ.

/// How many letters must be put in, taken out, changed, or swapped with their neighbour
/// (the distance of Damerau and Levenshtein).
pub fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    // Distances of the starts of `other` from the starts of `one` two letters, one letter and no
    // letter shorter.
    let mut before = vec![0; other.len() + 1];
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, expected) in other.iter().enumerate() {
            let changed = above[column] + usize::from(letter != expected);
            let mut least = changed.min(above[column + 1] + 1).min(current[column] + 1);
            if row > 0 && column > 0 && *letter == other[column - 1] && one[row - 1] == *expected {
                least = least.min(before[column - 1] + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut above, current);
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn each_slip_counts_once() {
        for (one, other, steps) in [
            ("ip.src", "ip.src", 0),
            ("ip.sr", "ip.src", 1),
            ("ip.srrc", "ip.src", 1),
            ("ip.erc", "ip.src", 1),
            ("tpc.port", "tcp.port", 1),
            ("", "ip", 2),
            ("", "", 0),
        ] {
            assert_eq!(distance(one, other), steps, "{one} {other}");
            assert_eq!(distance(other, one), steps, "{other} {one}");
        }
    }
}
