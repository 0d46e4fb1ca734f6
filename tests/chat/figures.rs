//! The sums that figures are read from say what counting the messages themselves would say.

use jiff::{SignedDuration, Timestamp, Zoned, tz::TimeZone};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::Transaction;
use satubumi::{
    analytics::{self, Counts, Figures, Period, Step, Times},
    chat::{MessageText, SignAs},
    domain::{Answer, Author, Channel, ConversationId, MessageId, MessageKind, Outcome},
    store::{
        Store, StoreError, changes, conversations,
        messages::{self, NewMessage},
    },
};

use crate::support::{ANI, BUDI, Ward, answer, usual};

/// How messages of a random log end; some do not.
const ENDS: [Option<Outcome>; 10] = [
    Some(Outcome::Answered),
    Some(Outcome::Approved),
    Some(Outcome::Quoted),
    Some(Outcome::HandedOver),
    Some(Outcome::Emergency),
    Some(Outcome::SmallTalk),
    Some(Outcome::BotOff),
    Some(Outcome::Fallback),
    Some(Outcome::Noted),
    None,
];

/// One patient's message, as counting sees it.
struct Counted {
    conversation: i64,
    at: Timestamp,
    outcome: Option<Outcome>,
    /// Milliseconds to the bot's reply that hangs on it.
    took: Option<i64>,
}

/// Goes over every message.
fn count(tx: &Transaction<'_>) -> Result<Vec<Counted>, StoreError> {
    let mut statement = tx.prepare(
        "SELECT q.conversation_id, q.at, q.outcome, r.at - q.at FROM messages q
         LEFT JOIN messages r ON r.reply_to = q.id WHERE q.author = 'patient'",
    )?;
    let rows = statement.query_and_then([], |row| {
        let outcome: Option<String> = row.get(2)?;
        let at = Timestamp::from_millisecond(row.get(1)?);
        Ok(Counted {
            conversation: row.get(0)?,
            at: at.map_err(|_| StoreError::Unknown { what: "a time".to_owned() })?,
            outcome: Outcome::ALL.into_iter().find(|known| outcome.as_deref() == Some(known.as_str())),
            took: row.get(3)?,
        })
    })?;
    rows.collect()
}

/// Holds figures against a count of the messages from `from` on and before `to`.
fn compare(
    name: &str,
    (counts, times): (&Counts, &Times),
    all: &[Counted],
    (from, to): (Timestamp, Timestamp),
) {
    let within: Vec<&Counted> = all.iter().filter(|one| (from..to).contains(&one.at)).collect();
    let mut counted = Counts::default();
    within.iter().for_each(|one| counted.add(one.outcome, 1));
    assert_eq!(*counts, counted, "{name}");
    let mut took: Vec<i64> = within.iter().filter_map(|one| one.took).collect();
    took.sort_unstable();
    assert_eq!(times.count() as usize, took.len(), "{name}");
    for share in [0.5, 0.95] {
        let rank = ((share * took.len() as f64).ceil() as usize).max(1);
        let exact = took.get(rank - 1).map(|millis| *millis as f64);
        let told = times.percentile(share).map(|told| told.as_secs_f64() * 1000.0);
        let is_near = match (told, exact) {
            (Some(told), Some(exact)) => (told - exact).abs() <= 0.05 * exact + 1e-6,
            (told, exact) => told.is_none() && exact.is_none(),
        };
        assert!(is_near, "{name}: {told:?} beside {exact:?}");
    }
}

/// Holds every period's figures, in several zones, against the messages. Gives how many messages the longest had.
fn compare_all(store: &Store, now: Timestamp) -> anyhow::Result<u32> {
    let all = store.read_blocking(count)?;
    let mut most = 0;
    for zone in ["Asia/Jakarta", "Asia/Kathmandu", "America/St_Johns", "UTC"] {
        let now: Zoned = now.to_zoned(TimeZone::get(zone)?);
        for period in Period::ALL {
            let told: Figures = store.read_blocking(|tx| analytics::figures(tx, period, &now))?;
            let end = now.tomorrow()?.start_of_day()?.timestamp();
            let ends = told.steps.iter().skip(1).map(|step| step.from).chain([end]);
            for (Step { from, counts, times }, to) in told.steps.iter().zip(ends) {
                compare(&format!("{zone}, {period:?}, {from}"), (counts, times), &all, (*from, to));
            }
            let from = told.steps.first().map_or(end, |step| step.from);
            compare(&format!("{zone}, {period:?}"), (&told.counts, &told.times), &all, (from, end));
            let mut wrote: Vec<i64> =
                all.iter().filter(|one| one.at >= from).map(|one| one.conversation).collect();
            wrote.sort_unstable();
            wrote.dedup();
            assert_eq!(told.conversations as usize, wrote.len(), "{zone}, {period:?}");
            most = most.max(told.counts.messages());
        }
    }
    Ok(most)
}

/// One random thing that happens to a message.
fn happens(tx: &Transaction<'_>, random: &mut StdRng, number: u32, now: Timestamp) -> Result<(), StoreError> {
    let ago = |most: i64, random: &mut StdRng| SignedDuration::from_millis(random.random_range(0..most));
    // Many today, fewer in the weeks before, some before them.
    let days = [1, 7, 40][random.random_range(0..3)];
    let at = now - ago(days * 86_400_000, random);
    let sender = format!("62812{:04}", random.random_range(0..40));
    let conversation: ConversationId = conversations::open(tx, &sender, None, at)?;
    let id = number.to_string();
    let is_unreadable = random.random_ratio(1, 20);
    let kind = if is_unreadable { MessageKind::Unreadable } else { MessageKind::Text };
    let new = NewMessage { kind, channel: Channel::Whatsapp, ..NewMessage::asked(&id, "jam besuk?") };
    let (message, is_new) = messages::receive(tx, conversation, &new, at)?;
    // WhatsApp brings some messages twice.
    let (again, is_newer) = messages::receive(tx, conversation, &new, at)?;
    assert!(is_new && !is_newer && again == message);
    if is_unreadable {
        messages::settle(tx, message, Outcome::Noted)?;
        changes::decrypted(tx, message, &NewMessage { kind: MessageKind::Text, ..new })?;
    }
    if random.random_ratio(1, 15) {
        changes::take_back(tx, conversation, &id, at)?;
    }
    let Some(outcome) = ENDS[random.random_range(0..ENDS.len())] else { return Ok(()) };
    let is_ended = messages::settle(tx, message, outcome)?;
    if is_ended && !matches!(outcome, Outcome::BotOff | Outcome::Noted) {
        // From at once to some hours, as after a power cut.
        let most = 10i64.pow(random.random_range(1..8));
        let reply_at = at + ago(most, random);
        messages::reply(tx, conversation, message, &answer("Pukul 10.", outcome), reply_at)?;
    }
    if random.random_ratio(1, 10) {
        // One of the same burst, answered with it.
        let earlier = NewMessage { external_id: &format!("{id}-a"), ..NewMessage::asked(&id, "halo") };
        let (earlier, _): (MessageId, bool) = messages::receive(tx, conversation, &earlier, at)?;
        messages::settle_with(tx, earlier, message, outcome)?;
    }
    if random.random_ratio(1, 10) {
        messages::send(tx, conversation, Author::Staff, "sari", Channel::Whatsapp, "Baik.", at)?;
    }
    Ok(())
}

#[tokio::test]
async fn the_sums_are_what_counting_a_random_log_gives_also_when_they_are_made_afterwards()
-> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("satubumi.db"))?;
    let now = Timestamp::now();
    for seed in 0..4u64 {
        let mut random = StdRng::seed_from_u64(seed);
        store.write_blocking(|tx| {
            (0..400).try_for_each(|number| happens(tx, &mut random, seed as u32 * 1000 + number, now))
        })?;
        assert!(compare_all(&store, now)? > 200);
    }
    // A database from before there were figures.
    store.write_blocking(|tx| {
        tx.execute_batch(
            "DROP TRIGGER figures_of_question; DROP TRIGGER figures_of_outcome; DROP TRIGGER figures_of_reply;
             DROP TABLE message_figures; DROP TABLE time_figures; DROP TABLE time_classes;
             DROP INDEX conversations_by_asked; DROP INDEX conversations_unanswered; ALTER TABLE conversations DROP COLUMN asked_at;",
        )?;
        Ok(tx.execute_batch(include_str!("../../src/store/migrations/06_figures.sql"))?)
    })?;
    compare_all(&store, now)?;
    Ok(())
}

#[tokio::test]
async fn what_happens_in_conversations_is_in_todays_figures() -> anyhow::Result<()> {
    let ward = Ward::open(|question| match question.text.as_str() {
        "tarif" => Answer { text: "Rp 50.000".to_owned(), ..answer("", Outcome::Approved) },
        _ => usual(question),
    })?;
    for text in ["jam besuk", "tanya dokter", "sesak napas", "tarif", "jam besuk lagi"] {
        ward.ask(ANI, text, None).await?;
    }
    let budi = ward.ask(BUDI, "halo", None).await?.conversation;
    ward.chat.set_handling(budi, false, "sari".to_owned()).await?;
    ward.ask(BUDI, "masih di sana?", None).await?;
    ward.chat.send_message(budi, MessageText::parse("Ya.")?, Some(SignAs::Bot), "sari".to_owned()).await?;
    let now = Timestamp::now();
    compare_all(&ward.store, now)?;
    let now = now.to_zoned(TimeZone::UTC);
    let told = ward.store.read_blocking(|tx| analytics::figures(tx, Period::Week, &now))?;
    let expected = Counts { bot: 3, approved: 1, handed_over: 1, emergency: 1, not_by_bot: 1 };
    assert_eq!((told.counts, told.conversations), (expected, 2));
    assert_eq!(told.counts.success(), Some(0.8));
    assert_eq!(told.times.count(), 6, "what staff write is no reply of the bot");
    Ok(())
}
