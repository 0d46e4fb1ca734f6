//! A large database: through the real schema, so that its triggers write the search's words and the figures' sums.

use std::{path::Path, time::Instant};

use anyhow::{Result, ensure};
use jiff::Timestamp;
use rand::{Rng, SeedableRng, rngs::StdRng};
use rusqlite::{Transaction, params};
use satubumi::{
    domain::{Answer, Flag, Language, Outcome, Source, Timings},
    store::Store,
};

use crate::texts;

/// Questions a transaction.
const AT_ONCE: usize = 50_000;
/// Milliseconds of a day.
const DAY: i64 = 86_400_000;
/// Messages that hold [`texts::RARE`].
const RARE: usize = 5;

/// How large.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Patients.
    pub conversations: usize,
    /// What they, the bot and staff wrote.
    pub messages: usize,
    /// Over how many days.
    pub days: i64,
}

/// A conversation as it stands.
#[derive(Clone, Copy, Default)]
struct Thread {
    last_at: i64,
    is_waiting: bool,
    is_emergency: bool,
    unanswered: u32,
}

/// Fills a folder's database.
#[expect(clippy::disallowed_macros, reason = "a command of the workshop says what it did")]
pub fn seed(folder: &Path, size: Size) -> Result<()> {
    let path = folder.join("satubumi.db");
    ensure!(!path.exists(), "{} is there already", path.display());
    let store = Store::open(&path)?;
    let since = Instant::now();
    let mut random = StdRng::seed_from_u64(7);
    let questions = size.messages / 2;
    let (now, mut threads) = (Timestamp::now().as_millisecond(), Vec::<Thread>::new());
    let mut done = 0;
    while done < questions {
        let until = (done + AT_ONCE).min(questions);
        store.write_blocking(|tx| {
            for number in done..until {
                let share = number as f64 / questions as f64;
                let at =
                    daytime(now - size.days * DAY + (share * (size.days * DAY) as f64) as i64, &mut random);
                let at = at.min(now - 60_000);
                let id = conversation(tx, &mut threads, size, number, questions, at, &mut random)?;
                let is_rare = number % (questions / RARE).max(1) == 0;
                let is_old = now - at > 3 * DAY;
                let thread = &mut threads[id - 1];
                talk(tx, id, thread, (number, at), is_rare, is_old, &mut random)?;
            }
            Ok(())
        })?;
        done = until;
        eprintln!("{} messages, {:.0} s", done * 2, since.elapsed().as_secs_f64());
    }
    store.write_blocking(|tx| {
        let mut update = tx.prepare(
            "UPDATE conversations SET last_at = ?2, waiting = ?3, emergency = ?4, unanswered = ?5, handling = ?6
             WHERE id = ?1",
        )?;
        for (place, thread) in threads.iter().enumerate() {
            let handling = if place % 400 == 0 { "staff" } else { "bot" };
            let Thread { last_at, is_waiting, is_emergency, unanswered } = *thread;
            update.execute(params![place as i64 + 1, last_at, is_waiting, is_emergency, unanswered, handling])?;
        }
        Ok(tx.execute_batch("ANALYZE")?)
    })?;
    let bytes = std::fs::metadata(&path)?.len();
    println!(
        "{} conversations, {} messages, {} MiB, in {:.0} s",
        threads.len(),
        questions * 2,
        bytes >> 20,
        since.elapsed().as_secs_f64()
    );
    Ok(())
}

/// Patients write by day.
fn daytime(at: i64, random: &mut StdRng) -> i64 {
    let midnight = at - at.rem_euclid(DAY);
    let hour = (0..3).map(|_| random.random_range(0.0..8.0)).sum::<f64>();
    midnight + (hour * 3_600_000.0) as i64
}

/// A patient who comes for the first time, or one who comes again: those who wrote lately do so more often.
fn conversation(
    tx: &Transaction<'_>,
    threads: &mut Vec<Thread>,
    size: Size,
    number: usize,
    questions: usize,
    at: i64,
    random: &mut StdRng,
) -> Result<usize, satubumi::store::StoreError> {
    let expected = (size.conversations as f64 * (number + 1) as f64 / questions as f64).ceil() as usize;
    if threads.len() < expected.min(size.conversations) {
        threads.push(Thread::default());
        let sender = format!("62811{:08}", threads.len());
        tx.prepare_cached(
            "INSERT INTO conversations (sender, name, created_at, last_at) VALUES (?1, ?2, ?3, ?3)",
        )?
        .execute(params![sender, texts::name(random), at])?;
        return Ok(threads.len());
    }
    let back = (random.random_range(0.0f64..1.0).powi(3) * threads.len() as f64) as usize;
    Ok(threads.len() - back.min(threads.len() - 1))
}

/// A question, and what came of it: two messages.
fn talk(
    tx: &Transaction<'_>,
    conversation: usize,
    thread: &mut Thread,
    (number, at): (usize, i64),
    is_rare: bool,
    is_old: bool,
    random: &mut StdRng,
) -> Result<(), satubumi::store::StoreError> {
    let outcome = match random.random_range(0..1000) {
        0..520 => Outcome::Answered,
        520..700 => Outcome::Approved,
        700..800 => Outcome::Quoted,
        800..890 => Outcome::SmallTalk,
        890..975 => Outcome::HandedOver,
        975..977 => Outcome::Emergency,
        977..980 => Outcome::Fallback,
        _ => Outcome::BotOff,
    };
    let mut text = texts::question(random);
    if is_rare {
        text = format!("Apakah {} ditangani di sini", texts::RARE);
    }
    if outcome == Outcome::Emergency {
        text = texts::RED_FLAG.to_owned();
    }
    tx.prepare_cached(
        "INSERT INTO messages (conversation_id, author, channel, text, external_id, outcome, at)
         VALUES (?1, 'patient', 'whatsapp', ?2, ?3, ?4, ?5)",
    )?
    .execute(params![conversation as i64, text, format!("3EB0{number:018X}"), outcome.as_str(), at])?;
    let question = tx.last_insert_rowid();
    let needs_staff = matches!(outcome, Outcome::HandedOver | Outcome::Fallback | Outcome::Emergency);
    let replied_at = at + (1500.0 * random.random_range(0.0f64..3.0).exp()) as i64;
    if outcome == Outcome::BotOff {
        tx.prepare_cached(
            "INSERT INTO messages (conversation_id, author, channel, text, staff_name, at)
             VALUES (?1, 'staff', 'whatsapp', ?2, 'sari', ?3)",
        )?
        .execute(params![conversation as i64, texts::STAFF, replied_at])?;
    } else {
        let said = match outcome {
            Outcome::HandedOver | Outcome::Fallback => texts::HANDED_OVER.to_owned(),
            Outcome::Emergency => texts::EMERGENCY.to_owned(),
            _ => texts::answer(random),
        };
        let answer = serde_json::to_string(&answer(said.clone(), outcome)).unwrap_or_default();
        tx.prepare_cached(
            "INSERT INTO messages (conversation_id, author, channel, text, reply_to, outcome, answer, at)
             VALUES (?1, 'bot', 'whatsapp', ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            conversation as i64,
            said,
            question,
            outcome.as_str(),
            answer,
            replied_at
        ])?;
    }
    if needs_staff {
        let reason = answer(String::new(), outcome).flag.map_or("failure", Flag::as_str);
        tx.prepare_cached(
            "INSERT INTO flags (conversation_id, message_id, reason, at, resolved_at, resolved_by)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            conversation as i64,
            question,
            reason,
            at,
            is_old.then_some(replied_at),
            is_old.then_some("sari")
        ])?;
    }
    // What is older than some days has been attended to.
    let still_waits = needs_staff && !is_old;
    *thread = Thread {
        last_at: replied_at.max(thread.last_at),
        is_waiting: thread.is_waiting || still_waits,
        is_emergency: thread.is_emergency || (still_waits && outcome == Outcome::Emergency),
        unanswered: thread.unanswered + u32::from(still_waits),
    };
    Ok(())
}

fn answer(text: String, outcome: Outcome) -> Answer {
    let passage = "Poliklinik buka Senin sampai Sabtu pukul 08.00 sampai 13.00. Pendaftaran ditutup satu jam sebelumnya.";
    let source = Source {
        document: "poliklinik/jadwal-poliklinik.md".to_owned(),
        title: "Jadwal poliklinik".to_owned(),
        passage: passage.to_owned(),
        score: 0.6,
    };
    Answer {
        sources: if outcome == Outcome::Answered { vec![source] } else { Vec::new() },
        text,
        outcome,
        language: Language::Id,
        flag: match outcome {
            Outcome::HandedOver => Some(Flag::NotFound),
            Outcome::Emergency => Some(Flag::Emergency),
            Outcome::Fallback => Some(Flag::Failure),
            _ => None,
        },
        intent: None,
        timings: Timings { search: 12.0, total: 1500.0, ..Timings::default() },
        rejected: None,
    }
}
