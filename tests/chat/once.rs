//! R1 and R2: every message ends once, whatever dies and however often it comes.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::future::{join_all, try_join_all};
use satubumi::{
    chat::{ChatError, ChatOptions, ChatService, Incoming},
    domain::{Event, Flag, Outcome},
    store::{Store, flags},
    tasks::Tasks,
};

use crate::support::{ANI, BUDI, Gate, Ward, answer, usual};

#[tokio::test]
async fn r02_the_same_id_five_times_at_once_and_after_a_restart_is_answered_once() -> anyhow::Result<()> {
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = {
        let asked = Arc::clone(&asked);
        move |question: &_| {
            asked.fetch_add(1, Ordering::SeqCst);
            usual(question)
        }
    };
    let ward = Ward::open(counting)?;
    let replies = try_join_all((0..5).map(|_| ward.ask(ANI, "Buka jam berapa?", Some("3EB0A1")))).await?;
    let first = &replies[0];
    assert_eq!(first.answer.outcome, Outcome::Answered);
    assert_eq!(first.answer.sources.len(), 1);
    assert!(replies.iter().all(|reply| reply == first));

    let restarted = ward.again(|_| answer("Lain.", Outcome::Answered))?;
    assert_eq!(&restarted.ask("+62 812-0000-0001", "Buka jam berapa?", Some("3EB0A1")).await?, first);
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(ward.count("SELECT count(*) FROM messages").await?, 2);
    Ok(())
}

#[tokio::test]
async fn r02_the_same_id_in_two_chats_is_two_messages_and_without_an_id_each_is_its_own() -> anyhow::Result<()>
{
    let ward = Ward::open(usual)?;
    let ani = ward.ask(ANI, "satu", Some("id-1")).await?;
    let budi = ward.ask(BUDI, "dua", Some("id-1")).await?;
    assert_ne!(ani.conversation, budi.conversation);
    assert_ne!(ani.answer.text, budi.answer.text);
    let (one, two) = (ward.ask(ANI, "halo", None).await?, ward.ask(ANI, "halo", None).await?);
    assert_ne!(one.external_id, two.external_id);
    assert_eq!(ward.ask(ANI, "halo", Some(&one.external_id)).await?.message, one.message);
    assert_eq!(ward.count("SELECT count(*) FROM messages WHERE author = 'patient'").await?, 4);
    Ok(())
}

#[tokio::test]
async fn r01_a_message_stored_before_the_process_died_is_answered_after_its_start() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    for text in ["satu", "dua", "tiga"] {
        ward.chat.receive(Incoming::parse(ANI, None, text, Some(text))?).await?;
    }
    ward.chat.receive(Incoming::parse(BUDI, None, "empat", None)?).await?;

    let restarted = ward.again(usual)?;
    assert_eq!(restarted.chat.pending().await?.len(), 4);
    let mut events = restarted.chat.events();
    assert_eq!(restarted.chat.resume().await?, 4);
    let mut answered = 0;
    while answered < 4 {
        answered += usize::from(matches!(events.recv().await?, Event::MessageSent { .. }));
    }
    assert!(restarted.chat.pending().await?.is_empty());
    assert_eq!(restarted.ask(ANI, "dua", Some("dua")).await?.answer.text, "Jawaban untuk: dua");
    assert_eq!(ward.count("SELECT count(*) FROM messages WHERE author = 'bot'").await?, 4);
    Ok(())
}

#[tokio::test]
async fn r01_a_process_that_dies_while_answering_leaves_one_answer() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(|_| answer("Dari yang lama.", Outcome::Answered));
    let dying = Ward::open(slow)?;
    let asking = dying.ask(ANI, "pertanyaan lama", Some("x"));
    let restarted = dying.again(|_| answer("Dari yang baru.", Outcome::Answered))?;
    let (old, new) = tokio::join!(asking, async {
        gate.asked().await;
        let new = restarted.ask(ANI, "pertanyaan lama", Some("x")).await;
        gate.let_pass();
        new
    });
    assert_eq!(new?.answer.text, "Dari yang baru.");
    assert_eq!(old?.answer.text, "Dari yang baru.", "the one that came too late gives what was said");
    assert_eq!(restarted.count("SELECT count(*) FROM messages WHERE author = 'bot'").await?, 1);
    Ok(())
}

#[tokio::test]
async fn r01_a_caller_who_hangs_up_changes_nothing() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::open(slow)?;
    let mut events = ward.chat.events();
    tokio::select! {
        _ = ward.ask(ANI, "tunggu lama", Some("x")) => anyhow::bail!("answered through a closed gate"),
        text = gate.asked() => assert_eq!(text, "tunggu lama"),
    }
    gate.let_pass();
    while !matches!(events.recv().await?, Event::MessageSent { .. }) {}
    assert_eq!(ward.ask(ANI, "tunggu lama", Some("x")).await?.answer.text, "Jawaban untuk: tunggu lama");
    Ok(())
}

#[tokio::test]
async fn r09_a_panic_in_the_assistant_is_a_fallback_and_a_flag() -> anyhow::Result<()> {
    let ward = Ward::open(|question| {
        assert!(!question.text.contains("rusak"), "the script breaks here");
        usual(question)
    })?;
    let reply = ward.ask(ANI, "rusak", Some("x")).await?;
    assert_eq!(reply.answer.outcome, Outcome::Fallback);
    assert!(!reply.answer.text.is_empty());
    let conversation = reply.conversation;
    let open = ward.store.read(move |tx| flags::open(tx, conversation)).await?;
    assert_eq!(open.iter().map(|flag| flag.reason).collect::<Vec<_>>(), [Flag::Failure]);
    assert_eq!(ward.ask(ANI, "halo", None).await?.answer.outcome, Outcome::Answered);
    assert_eq!(ward.ask(ANI, "rusak", Some("x")).await?, reply, "the fallback is the answer, once");
    Ok(())
}

#[tokio::test]
async fn r09_an_empty_answer_is_a_fallback() -> anyhow::Result<()> {
    let ward = Ward::open(|_| answer("  ", Outcome::Answered))?;
    assert_eq!(ward.ask(ANI, "halo", None).await?.answer.outcome, Outcome::Fallback);
    Ok(())
}

#[tokio::test]
async fn before_the_assistant_is_there_and_while_stopping_callers_are_told() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("satubumi.db"))?;
    let chat = ChatService::new(store, Tasks::new(), ChatOptions::default());
    let refused = chat.ask(Incoming::parse(ANI, None, "halo", None)?).await;
    assert!(matches!(refused, Err(ChatError::Starting)));
    assert!(chat.pending().await?.is_empty(), "nothing is stored that nobody would answer soon");

    let ward = Ward::open(usual)?;
    assert!(ward.tasks.stop(std::time::Duration::from_secs(5)).await);
    assert!(matches!(ward.ask(ANI, "halo", Some("x")).await, Err(ChatError::Stopping)));
    assert_eq!(ward.chat.pending().await?.len(), 1, "it waits for the next start");
    assert_eq!(ward.again(usual)?.ask(ANI, "halo", Some("x")).await?.answer.outcome, Outcome::Answered);
    Ok(())
}

#[tokio::test]
async fn what_breaks_in_one_conversation_leaves_the_others_alone() -> anyhow::Result<()> {
    let ward = Ward::open(|question| {
        assert!(!question.text.contains("rusak"), "the script breaks here");
        usual(question)
    })?;
    let numbers: Vec<String> = (0..20).map(|n| format!("62812000001{n:02}")).collect();
    let replies = join_all(
        numbers
            .iter()
            .enumerate()
            .map(|(n, number)| ward.ask(number, if n % 2 == 0 { "rusak" } else { "halo" }, None)),
    )
    .await;
    for (n, reply) in replies.into_iter().enumerate() {
        let expected = if n % 2 == 0 { Outcome::Fallback } else { Outcome::Answered };
        assert_eq!(reply?.answer.outcome, expected);
    }
    Ok(())
}
