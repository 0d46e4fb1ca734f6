//! What comes by WhatsApp: one reply to a burst, one patient under two names, kinds that hold no words.

use std::{sync::Arc, time::Duration};

use anyhow::Context;
use parking_lot::Mutex;
use satubumi::{
    chat::{
        Change, ChatOptions, ChatRef, ConversationDetail, Inbox, Limit, MessageText, PhoneNumber, Quiet,
        SignAs, Stored, WhatsappContact, WhatsappMessage,
    },
    domain::{Delivery, Flag, Handling, MessageKind, Outcome},
    store::outbox,
};

use crate::support::{ANI, Gate, Ward, usual};

const LID: &str = "100000000000001";

fn ani() -> WhatsappContact {
    WhatsappContact {
        number: PhoneNumber::parse(ANI).ok(),
        lid: Some(LID.to_owned()),
        chat: format!("{LID}@lid"),
    }
}

fn said(id: &str, text: &str) -> WhatsappMessage {
    WhatsappMessage {
        contact: ani(),
        name: Some("Ani".to_owned()),
        id: id.to_owned(),
        kind: MessageKind::Text,
        text: text.to_owned(),
        has_words: true,
        quoted: None,
        media: None,
        reference: None,
        change: None,
    }
}

fn voice(id: &str) -> WhatsappMessage {
    WhatsappMessage {
        kind: MessageKind::Voice,
        text: "Pesan suara".to_owned(),
        has_words: false,
        ..said(id, "")
    }
}

/// A patient who answers everything within this time is quiet at once.
fn at_once() -> ChatOptions {
    ChatOptions {
        quiet: Quiet { after: Duration::ZERO, at_most: Duration::from_secs(15) },
        ..ChatOptions::default()
    }
}

async fn brings(ward: &Ward, message: WhatsappMessage) -> anyhow::Result<Stored> {
    let stored = ward.chat.receive_whatsapp(vec![Inbox::Patient(message)]).await?;
    let stored = *stored.first().context("one message")?;
    if stored.waits {
        ward.chat.wake(stored.conversation);
    }
    Ok(stored)
}

async fn detail(ward: &Ward) -> anyhow::Result<ConversationDetail> {
    Ok(ward.chat.detail(ChatRef::parse(ANI)?, None, 50).await?)
}

/// The conversation once nothing in it waits.
async fn settled(ward: &Ward) -> anyhow::Result<ConversationDetail> {
    let mut events = ward.chat.events();
    loop {
        if ward.chat.pending().await?.is_empty() {
            return detail(ward).await;
        }
        // Each message that ends is told of; a silent one is looked at again soon.
        let _ = tokio::time::timeout(Duration::from_millis(50), events.recv()).await;
    }
}

fn replies(detail: &ConversationDetail) -> Vec<&str> {
    let sent = detail.messages.iter().filter(|logged| logged.reply_to.is_some());
    sent.map(|logged| logged.message.text.as_str()).collect()
}

#[tokio::test]
async fn r03_three_short_messages_get_one_reply() -> anyhow::Result<()> {
    let quiet = Quiet { after: Duration::from_millis(300), at_most: Duration::from_secs(15) };
    let ward = Ward::with_options(ChatOptions { quiet, ..ChatOptions::default() }, usual)?;
    for (id, text) in [("A", "Kak"), ("B", "mau tanya"), ("C", "poli gigi buka jam berapa")] {
        brings(&ward, said(id, text)).await?;
    }
    let detail = settled(&ward).await?;
    assert_eq!(replies(&detail), ["Diteruskan ke petugas."], "the burst holds a wish to ask");
    let asked: Vec<_> = detail.messages.iter().filter(|logged| logged.reply_to.is_none()).collect();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|logged| logged.message.outcome == Some(Outcome::HandedOver)));
    let hangs_on = detail.messages.iter().find_map(|logged| logged.reply_to);
    assert_eq!(hangs_on, Some(asked[2].message.id), "on the last");
    Ok(())
}

#[tokio::test]
async fn r03_what_comes_in_while_an_answer_is_made_is_answered_with_it() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::with_options(at_once(), slow)?;
    brings(&ward, said("A", "yang lama")).await?;
    assert_eq!(gate.asked().await, "yang lama");
    brings(&ward, said("B", "hari Sabtu")).await?;
    assert_eq!(gate.asked().await, "yang lama\nhari Sabtu", "it starts anew");
    gate.let_pass();
    gate.let_pass();
    assert_eq!(replies(&settled(&ward).await?), ["Jawaban untuk: yang lama\nhari Sabtu"]);
    Ok(())
}

#[tokio::test]
async fn an_emergency_waits_for_no_quiet() -> anyhow::Result<()> {
    // So quiet that the test would never end.
    let quiet = Quiet { after: Duration::from_secs(3600), at_most: Duration::from_secs(3600) };
    let ward = Ward::with_options(ChatOptions { quiet, ..ChatOptions::default() }, usual)?;
    brings(&ward, said("A", "dok")).await?;
    brings(&ward, said("B", "bapak sesak")).await?;
    let detail = settled(&ward).await?;
    assert_eq!(replies(&detail), ["Segera ke IGD."]);
    assert!(detail.conversation.emergency);
    Ok(())
}

#[tokio::test]
async fn r02_the_same_message_under_lid_and_number_is_one() -> anyhow::Result<()> {
    let ward = Ward::with_options(at_once(), usual)?;
    let by_lid = WhatsappContact { number: None, ..ani() };
    let by_number = WhatsappContact { lid: None, chat: format!("{ANI}@s.whatsapp.net"), ..ani() };
    brings(&ward, WhatsappMessage { contact: by_lid, ..said("A", "halo") }).await?;
    brings(&ward, said("A", "halo")).await?;
    brings(&ward, WhatsappMessage { contact: by_number, ..said("A", "halo") }).await?;
    let detail = settled(&ward).await?;
    assert_eq!(replies(&detail).len(), 1);
    assert_eq!(ward.count("SELECT count(*) FROM conversations").await?, 1);
    assert_eq!(ward.count("SELECT count(*) FROM outbox").await?, 1);
    Ok(())
}

#[tokio::test]
async fn r05_a_voice_note_is_asked_to_be_typed_once_and_flagged_each_time() -> anyhow::Result<()> {
    let ward = Ward::with_options(at_once(), usual)?;
    brings(&ward, voice("A")).await?;
    settled(&ward).await?;
    brings(&ward, voice("B")).await?;
    let seen = settled(&ward).await?;
    assert_eq!(replies(&seen).len(), 1);
    assert!(replies(&seen)[0].contains("ketik"));
    let outcomes: Vec<_> = seen.messages.iter().filter_map(|logged| logged.message.outcome).collect();
    assert_eq!(outcomes, [Outcome::HandedOver, Outcome::HandedOver, Outcome::Noted]);
    assert!(seen.flags.len() >= 2 && seen.flags.iter().all(|flag| flag.reason == Flag::NotText));
    assert!(seen.conversation.waiting);

    // A caption is answered; the picture still is for staff to see.
    let picture = WhatsappMessage { kind: MessageKind::Image, ..said("C", "jadwal poli ini benar?") };
    let before = seen.flags.len();
    brings(&ward, picture).await?;
    let seen = settled(&ward).await?;
    assert_eq!(replies(&seen).last().copied(), Some("Jawaban untuk: jadwal poli ini benar?"));
    assert_eq!(seen.flags.len(), before + 1);
    Ok(())
}

#[tokio::test]
async fn r05_edits_deletes_and_reactions_leave_rows_and_get_no_reply() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::with_options(at_once(), slow)?;
    brings(&ward, said("A", "halo")).await?;
    gate.asked().await;
    settled(&ward).await?;
    let change =
        |id: &str, kind, text: &str, change| WhatsappMessage { kind, change: Some(change), ..said(id, text) };
    brings(&ward, change("B", MessageKind::Reaction, "🙏", Change::ReactsTo("A".into()))).await?;
    brings(&ward, change("C", MessageKind::Edit, "halo kak", Change::Edits("A".into()))).await?;
    brings(&ward, change("D", MessageKind::Delete, "Pesan dihapus", Change::TakesBack("A".into()))).await?;
    let seen = settled(&ward).await?;
    assert_eq!(replies(&seen).len(), 1);
    let first = &seen.messages[0].message;
    assert_eq!(first.text, "halo kak");
    assert!(first.edited_at.is_some() && first.deleted_at.is_some());
    assert_eq!(first.outcome, Some(Outcome::Answered), "it had its answer");
    let noted = seen.messages.iter().filter(|logged| logged.message.outcome == Some(Outcome::Noted));
    assert_eq!(noted.count(), 3);

    // One that still waits is answered by its new words, or not at all.
    brings(&ward, said("E", "lama jam besuk?")).await?;
    gate.asked().await;
    brings(&ward, change("F", MessageKind::Edit, "lama jam besuk ICU?", Change::Edits("E".into()))).await?;
    assert_eq!(gate.asked().await, "lama jam besuk ICU?");
    brings(&ward, change("G", MessageKind::Delete, "Pesan dihapus", Change::TakesBack("E".into()))).await?;
    gate.let_pass();
    gate.let_pass();
    let seen = settled(&ward).await?;
    assert_eq!(replies(&seen).len(), 1, "what was taken back gets no reply");
    Ok(())
}

#[tokio::test]
async fn r05_what_could_not_be_decrypted_is_flagged_and_answered_once_it_can() -> anyhow::Result<()> {
    let ward = Ward::with_options(at_once(), usual)?;
    let unreadable = WhatsappMessage {
        kind: MessageKind::Unreadable,
        text: "Pesan tidak terbaca".to_owned(),
        has_words: false,
        ..said("A", "")
    };
    assert!(!brings(&ward, unreadable.clone()).await?.waits);
    assert_eq!(detail(&ward).await?.flags.len(), 1);
    brings(&ward, said("A", "halo")).await?;
    brings(&ward, unreadable).await?;
    let seen = settled(&ward).await?;
    assert_eq!(replies(&seen), ["Jawaban untuk: halo"]);
    assert_eq!(seen.messages[0].message.kind, MessageKind::Text);
    Ok(())
}

#[tokio::test]
async fn r14_what_staff_type_on_the_phone_silences_the_bot() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::with_options(at_once(), slow)?;
    brings(&ward, said("A", "yang lama")).await?;
    gate.asked().await;
    for _ in 0..2 {
        ward.chat.receive_whatsapp(vec![Inbox::OwnPhone(said("P1", "Saya bantu, Bu."))]).await?;
    }
    let seen = settled(&ward).await?;
    gate.let_pass();
    assert_eq!(seen.conversation.handling, Handling::Staff);
    assert!(replies(&seen).is_empty());
    let on_phone: Vec<_> = seen.messages.iter().filter(|logged| logged.staff_name.is_some()).collect();
    assert_eq!(on_phone.len(), 1, "the same id twice is one message");
    assert_eq!(ward.count("SELECT count(*) FROM outbox").await?, 0, "it is out already");
    Ok(())
}

#[tokio::test]
async fn r14_what_answers_like_a_machine_is_left_to_staff() -> anyhow::Result<()> {
    let most_replies = Limit { most: 3, within: Duration::from_secs(600) };
    let ward = Ward::with_options(ChatOptions { most_replies, ..at_once() }, usual)?;
    for n in 0..6 {
        brings(&ward, said(&format!("A{n}"), "Terima kasih telah menghubungi kami")).await?;
        settled(&ward).await?;
    }
    let seen = settled(&ward).await?;
    assert_eq!(replies(&seen).len(), 3);
    assert_eq!(seen.conversation.handling, Handling::Staff);
    assert!(seen.flags.iter().any(|flag| flag.reason == Flag::Loop));
    Ok(())
}

#[tokio::test]
async fn replies_wait_in_the_outbox_with_their_ids_and_staff_withdraw_the_bots() -> anyhow::Result<()> {
    let ward = Ward::with_options(at_once(), usual)?;
    let stored = brings(&ward, said("A", "halo")).await?;
    settled(&ward).await?;
    let due = |ward: &Ward| ward.store.clone();
    let now = jiff::Timestamp::now();
    let parts = due(&ward).read(move |tx| outbox::due(tx, now, 10)).await?;
    assert_eq!(parts.len(), 1);
    assert!(parts[0].whatsapp_id.starts_with("3EB0"));
    assert_eq!(parts[0].answers, Some(stored.message));

    let text = MessageText::parse("Saya bantu.")?;
    ward.chat.send_message(stored.conversation, text, Some(SignAs::Staff), "Sari".to_owned()).await?;
    let parts = due(&ward).read(move |tx| outbox::due(tx, jiff::Timestamp::now(), 10)).await?;
    assert_eq!(parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(), ["Saya bantu."]);

    let id = parts[0].whatsapp_id.clone();
    for (reached, then) in [
        (Delivery::Sent, Delivery::Sent),
        (Delivery::Read, Delivery::Read),
        (Delivery::Delivered, Delivery::Read),
    ] {
        ward.chat.reached(vec![(id.clone(), reached)]).await?;
        assert_eq!(detail(&ward).await?.messages.last().and_then(|last| last.message.delivery), Some(then));
    }
    Ok(())
}

#[tokio::test]
async fn r01_what_waited_when_the_process_ended_is_answered_after_its_start() -> anyhow::Result<()> {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let ward = Ward::open(usual)?;
    // Stored, and the process dies before anybody is woken.
    for (id, text) in [("A", "satu"), ("B", "dua")] {
        ward.chat.receive_whatsapp(vec![Inbox::Patient(said(id, text))]).await?;
    }
    let noting = Arc::clone(&asked);
    let restarted = ward.again(move |question| {
        noting.lock().push(question.text.clone());
        usual(question)
    })?;
    assert_eq!(restarted.chat.resume().await?, 2);
    let seen = settled(&restarted).await?;
    assert_eq!(replies(&seen), ["Jawaban untuk: satu\ndua"]);
    assert_eq!(*asked.lock(), ["satu\ndua"]);
    Ok(())
}
