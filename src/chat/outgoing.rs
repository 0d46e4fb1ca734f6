//! What is said goes out the way the patient wrote: by WhatsApp it is cut into parts, each with the id that it will have
//! there, in the transaction that says it.

use jiff::Timestamp;
use rand::RngCore;
use rusqlite::Transaction;

use crate::{
    domain::{Channel, ConversationId, MessageId},
    store::{StoreError, outbox},
};

/// Characters from which a text is cut at its paragraphs. WhatsApp takes 65,536, but folds what is longer than some
/// hundred words behind "read more".
const LONG: usize = 1500;

/// Puts a message into the outbox, if it goes by WhatsApp.
pub(super) fn put(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    message: MessageId,
    channel: Channel,
    text: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    if channel != Channel::Whatsapp {
        return Ok(());
    }
    outbox::put(tx, conversation, message, parts(text).into_iter().map(|part| (part, new_id())), at)
}

/// A message id of the form that WhatsApp's web client makes: `3EB0` and nine random bytes.
fn new_id() -> String {
    let mut random = [0; 9];
    rand::rng().fill_bytes(&mut random);
    random.iter().fold(String::from("3EB0"), |id, byte| id + &format!("{byte:02X}"))
}

/// A long text in parts of at most [`LONG`] characters: cut between paragraphs, else between lines, else between words.
fn parts(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for piece in pieces(text, &["\n\n", "\n", " "]) {
        match parts.last_mut() {
            Some(last) if last.chars().count() + piece.chars().count() <= LONG => last.push_str(piece),
            _ => parts.push(piece.to_owned()),
        }
    }
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// The text in pieces that are short enough, each with the separator that ends it.
fn pieces<'a>(text: &'a str, separators: &[&str]) -> Vec<&'a str> {
    if text.chars().count() <= LONG {
        return vec![text];
    }
    match separators.split_first() {
        Some((separator, finer)) => {
            text.split_inclusive(separator).flat_map(|piece| pieces(piece, finer)).collect()
        }
        None => {
            let mut cut = Vec::new();
            let mut rest = text;
            while let Some((at, _)) = rest.char_indices().nth(LONG) {
                cut.push(&rest[..at]);
                rest = &rest[at..];
            }
            cut.push(rest);
            cut
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_is_one_part_and_a_long_one_is_cut_between_paragraphs() {
        assert_eq!(parts("Halo.\n\nSilakan."), ["Halo.\n\nSilakan."]);
        let paragraph = "kata ".repeat(200);
        let long = format!("{paragraph}\n\n{paragraph}\n\n{paragraph}");
        let cut = parts(&long);
        assert_eq!(cut, vec![paragraph.trim().to_owned(); 3]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_part_is_long(text in "([a-zé ]{0,40}(\n|\n\n)?){0,120}x{0,3200}") {
            let cut = parts(&text);
            prop_assert!(cut.iter().all(|part| part.chars().count() <= LONG));
            let solid = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(solid(&cut.join(" ")), solid(&text));
        }
    }

    #[test]
    fn ids_look_like_the_web_clients_and_differ() {
        let (one, other) = (new_id(), new_id());
        assert!(
            one.len() == 22 && one.starts_with("3EB0") && one.chars().all(|sign| sign.is_ascii_hexdigit())
        );
        assert_ne!(one, other);
    }
}
