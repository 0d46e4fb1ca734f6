//! Texts that end an answer, found while it streams.

/// Holds back what may be the beginning of a stop text until it is known whether it is one.
pub(super) struct StopFilter {
    stops: Vec<String>,
    held: String,
}

impl StopFilter {
    pub(super) fn new(stops: &[String]) -> Self {
        let stops = stops.iter().filter(|stop| !stop.is_empty()).cloned().collect();
        Self { stops, held: String::new() }
    }

    /// Adds `piece`; returns what can be given out, and whether a stop text has come, which is not given out.
    pub(super) fn push(&mut self, piece: &str) -> (String, bool) {
        self.held.push_str(piece);
        if let Some(at) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.held.truncate(at);
            return (std::mem::take(&mut self.held), true);
        }
        let keep = self.stops.iter().map(|stop| self.beginning_of(stop)).max().unwrap_or(0);
        let rest = self.held.split_off(self.held.len() - keep);
        (std::mem::replace(&mut self.held, rest), false)
    }

    /// What is still held when the answer has ended without a stop text.
    pub(super) fn finish(self) -> String {
        self.held
    }

    /// Bytes at the end of the held text that `stop` begins with.
    fn beginning_of(&self, stop: &str) -> usize {
        let longest = self.held.len().min(stop.len() - 1);
        let fits = |&len: &usize| stop.is_char_boundary(len) && self.held.ends_with(&stop[..len]);
        (1..=longest).rev().find(fits).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(stops: &[&str], pieces: &[&str]) -> (String, bool) {
        let stops: Vec<String> = stops.iter().map(|stop| (*stop).to_owned()).collect();
        let mut filter = StopFilter::new(&stops);
        let mut text = String::new();
        for piece in pieces {
            let (out, stopped) = filter.push(piece);
            text.push_str(&out);
            if stopped {
                return (text, true);
            }
        }
        text.push_str(&filter.finish());
        (text, false)
    }

    #[test]
    fn a_stop_text_spread_over_pieces_is_found_and_not_given_out() {
        assert_eq!(run(&["\n\nQ:"], &["Jam 8.", "\n", "\nQ", ": lagi"]), ("Jam 8.".to_owned(), true));
    }

    #[test]
    fn what_only_began_like_a_stop_text_is_given_out() {
        assert_eq!(run(&["###"], &["a#", "#b", "##"]), ("a##b##".to_owned(), false));
        assert_eq!(run(&["é!"], &["caf", "é", "?"]), ("café?".to_owned(), false));
    }

    #[test]
    fn the_earliest_of_several_stop_texts_counts() {
        assert_eq!(run(&["world", "o"], &["hello world"]), ("hell".to_owned(), true));
        assert_eq!(run(&["", "z"], &["abc"]), ("abc".to_owned(), false));
    }
}
