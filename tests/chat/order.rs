//! R3 and S12: order within a conversation, no waiting on other people's, limits that emergencies pass.

use std::sync::Arc;

use futures::future::join_all;
use parking_lot::Mutex;
use satubumi::{
    assistant::Question,
    chat::{ChatError, ChatOptions, Incoming},
    domain::{Author, Outcome},
};

use crate::support::{ANI, BUDI, Gate, Ward, usual};

/// A script that writes down what it was asked, in order.
fn noting()
-> (Arc<Mutex<Vec<Question>>>, impl Fn(&Question) -> satubumi::domain::Answer + Send + Sync + 'static) {
    let noted = Arc::new(Mutex::new(Vec::new()));
    let script = {
        let noted = Arc::clone(&noted);
        move |question: &Question| {
            noted.lock().push(question.clone());
            usual(question)
        }
    };
    (noted, script)
}

#[tokio::test]
async fn r03_a_conversation_is_answered_in_the_order_of_its_messages() -> anyhow::Result<()> {
    let (noted, script) = noting();
    let ward = Ward::open(script)?;
    let mut stored = Vec::new();
    for n in 0..20 {
        stored.push(
            ward.chat.receive(Incoming::parse(ANI, None, &format!("pesan {n:02}"), None)?).await?.message,
        );
    }
    // Asked from the last to the first, and all at once.
    for reply in join_all(stored.iter().rev().map(|&message| ward.chat.answer(message))).await {
        assert_eq!(reply?.answer.outcome, Outcome::Answered);
    }
    let order: Vec<String> = noted.lock().iter().map(|question| question.text.clone()).collect();
    assert_eq!(order, (0..20).map(|n| format!("pesan {n:02}")).collect::<Vec<_>>());
    Ok(())
}

#[tokio::test]
async fn the_assistant_hears_the_last_turns_and_whether_it_ever_wrote() -> anyhow::Result<()> {
    let (noted, script) = noting();
    let ward = Ward::open(script)?;
    // Both are stored before the first is answered: its answer must still stand between them.
    let first = ward.chat.receive(Incoming::parse(ANI, None, "satu", None)?).await?;
    let second = ward.chat.receive(Incoming::parse(ANI, None, "dua", None)?).await?;
    ward.chat.answer(first.message).await?;
    ward.chat.answer(second.message).await?;
    ward.ask(ANI, "tiga", None).await?;
    ward.ask(ANI, "empat", None).await?;
    let noted = noted.lock();
    let said = |n: usize| -> Vec<(Author, String)> {
        noted[n].history.iter().map(|turn| (turn.author, turn.text.clone())).collect()
    };
    let patient = |text: &str| (Author::Patient, text.to_owned());
    let bot = |text: &str| (Author::Bot, format!("Jawaban untuk: {text}"));
    assert_eq!(said(0), []);
    assert_eq!(said(1), [patient("satu"), bot("satu")]);
    assert_eq!(said(2), [patient("satu"), bot("satu"), patient("dua"), bot("dua")]);
    assert_eq!(noted[3].history.len(), 6, "six turns are enough");
    assert_eq!(noted.iter().map(|q| q.first_contact).collect::<Vec<_>>(), [true, false, false, false]);
    Ok(())
}

#[tokio::test]
async fn s12_a_flood_from_one_number_is_refused_and_delays_nobody_else() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::open(slow)?;
    let most = ChatOptions::default().max_waiting_per_sender;
    let texts: Vec<String> = (0..500).map(|n| format!("lama {n}")).collect();
    let flood = join_all(texts.iter().map(|text| ward.ask(ANI, text, None)));
    let others = async {
        gate.asked().await;
        let budi = ward.ask(BUDI, "halo", None).await;
        let help = ward.ask(ANI, "sesak", None).await;
        (0..most).for_each(|_| gate.let_pass());
        (budi, help)
    };
    let (flood, (budi, help)) = tokio::join!(flood, others);
    assert_eq!(budi?.answer.outcome, Outcome::Answered, "while the flood's first still waits");
    assert_eq!(help?.answer.outcome, Outcome::Emergency, "also from the one who floods");
    let refused = flood.iter().filter(|reply| matches!(reply, Err(ChatError::TooManyOfOneSender))).count();
    assert_eq!(refused, texts.len() - most);
    assert_eq!(flood.iter().filter(|reply| reply.is_ok()).count(), most);
    assert_eq!(ward.count("SELECT count(*) FROM messages WHERE author = 'patient'").await?, most as i64 + 2);
    Ok(())
}

#[tokio::test]
async fn too_many_in_all_are_refused_but_emergencies_never() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::with_options(
        ChatOptions { max_waiting: 2, answers_at_once: 1, ..ChatOptions::default() },
        slow,
    )?;
    let (ani, budi, ()) = tokio::join!(ward.ask(ANI, "lama", None), ward.ask(BUDI, "lama", None), async {
        gate.asked().await;
        let full = ward.ask("6281200000003", "halo", None).await;
        assert!(matches!(full, Err(ChatError::TooMany)));
        let help = ward.ask("6281200000003", "sesak", None).await;
        assert!(matches!(help, Ok(reply) if reply.answer.outcome == Outcome::Emergency));
        gate.let_pass();
        gate.let_pass();
    });
    assert_eq!((ani?.answer.outcome, budi?.answer.outcome), (Outcome::Answered, Outcome::Answered));
    assert!(ward.ask("6281200000003", "halo", None).await.is_ok(), "places come back");
    Ok(())
}
