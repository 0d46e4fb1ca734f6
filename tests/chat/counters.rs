//! Who may speak, what waits, and what staff see of it.

use satubumi::{
    chat::{ChatError, ChatRef, MessageText, SignAs},
    domain::{Author, Conversation, Event, Flag, Handling, Outcome},
};

use crate::support::{ANI, Gate, Ward, usual};

async fn conversation(ward: &Ward) -> Result<Conversation, ChatError> {
    ward.chat.conversation(ChatRef::parse(ANI)?).await
}

async fn flags(ward: &Ward) -> Result<Vec<Flag>, ChatError> {
    let detail = ward.chat.detail(ChatRef::parse(ANI)?, None, 50).await?;
    Ok(detail.flags.into_iter().map(|flag| flag.reason).collect())
}

#[tokio::test]
async fn with_the_bot_off_messages_are_stored_and_counted_until_staff_write() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    let id = ward.ask(ANI, "halo", None).await?.conversation;
    assert_eq!(ward.chat.set_handling(id, false, "sari".to_owned()).await?, Handling::Staff);
    for text in ["satu", "dua"] {
        let reply = ward.ask(ANI, text, Some(text)).await?;
        assert_eq!((reply.answer.outcome, reply.answer.text.as_str()), (Outcome::BotOff, ""));
    }
    assert_eq!(ward.ask(ANI, "dua", Some("dua")).await?.answer.outcome, Outcome::BotOff);
    assert_eq!(conversation(&ward).await?.unanswered, 2, "the repeated one counts once");
    assert!(flags(&ward).await?.is_empty());

    let sent = ward.chat.send_message(id, MessageText::parse("Baik, Bu.")?, None, "Sari".to_owned()).await?;
    assert_eq!((sent.message.author, sent.staff_name.as_deref()), (Author::Staff, Some("Sari")));
    assert_eq!(conversation(&ward).await?.unanswered, 0);
    assert_eq!(ward.chat.set_handling(id, true, "sari".to_owned()).await?, Handling::Bot);
    assert_eq!(ward.ask(ANI, "tiga", None).await?.answer.outcome, Outcome::Answered);
    let signed = ward.chat.send_message(id, MessageText::parse("Oke.")?, None, "Sari".to_owned()).await?;
    assert_eq!(signed.message.author, Author::Bot, "unsigned, whoever holds the conversation speaks");
    Ok(())
}

#[tokio::test]
async fn after_a_hand_over_everything_counts_until_staff_write() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    let id = ward.ask(ANI, "mau tanya", None).await?.conversation;
    ward.ask(ANI, "halo?", None).await?;
    let waiting = conversation(&ward).await?;
    assert_eq!((waiting.unanswered, waiting.waiting, waiting.emergency), (2, true, false));
    assert_eq!(flags(&ward).await?, [Flag::NotFound]);
    assert_eq!(ward.chat.waiting_counts().await?, (1, 0));

    let text = MessageText::parse("Sudah kami cek.")?;
    ward.chat.send_message(id, text, Some(SignAs::Bot), "Sari".to_owned()).await?;
    let attended = conversation(&ward).await?;
    assert_eq!((attended.unanswered, attended.waiting), (0, false));
    assert!(flags(&ward).await?.is_empty());
    ward.ask(ANI, "halo", None).await?;
    assert_eq!(conversation(&ward).await?.unanswered, 0);
    Ok(())
}

#[tokio::test]
async fn an_emergency_alarms_staff_whoever_holds_the_conversation() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    let reply = ward.ask(ANI, "ibu saya sesak", None).await?;
    assert_eq!(reply.answer.outcome, Outcome::Emergency);
    let alarmed = conversation(&ward).await?;
    assert_eq!((alarmed.unanswered, alarmed.waiting, alarmed.emergency), (1, true, true));
    let id = reply.conversation;
    ward.chat.send_message(id, MessageText::parse("Kami telepon.")?, None, "Sari".to_owned()).await?;
    assert!(!conversation(&ward).await?.emergency);

    ward.chat.set_handling(id, false, "sari".to_owned()).await?;
    let mut events = ward.chat.events();
    assert_eq!(ward.ask(ANI, "sesak lagi", None).await?.answer.outcome, Outcome::BotOff);
    let alarmed = conversation(&ward).await?;
    assert_eq!((alarmed.unanswered, alarmed.waiting, alarmed.emergency), (1, true, true));
    assert_eq!(flags(&ward).await?, [Flag::Emergency]);
    assert!(matches!(events.recv().await?, Event::MessageReceived { .. }));
    assert_eq!(events.recv().await?, Event::DeskChanged { conversation: id }, "the count is told");
    assert_eq!(events.recv().await?, Event::Flagged { conversation: id, flag: Flag::Emergency });
    Ok(())
}

#[tokio::test]
async fn s16_stop_is_honoured_until_the_patient_writes_mulai() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    let id = ward.ask(ANI, "stop", None).await?.conversation;
    assert_eq!(conversation(&ward).await?.handling, Handling::Stopped);
    assert_eq!(ward.ask(ANI, "halo", None).await?.answer.outcome, Outcome::BotOff);
    assert!(matches!(
        ward.chat.set_handling(id, true, "sari".to_owned()).await,
        Err(ChatError::StoppedByPatient)
    ));
    assert_eq!(ward.chat.set_handling(id, false, "sari".to_owned()).await?, Handling::Stopped);
    assert_eq!(ward.ask(ANI, "sesak", None).await?.answer.text, "Segera ke IGD.");
    assert_eq!(conversation(&ward).await?.handling, Handling::Stopped);
    assert_eq!(ward.ask(ANI, "mulai", None).await?.answer.text, "Halo lagi.");
    assert_eq!(conversation(&ward).await?.handling, Handling::Bot);
    assert_eq!(ward.ask(ANI, "halo", None).await?.answer.outcome, Outcome::Answered);
    Ok(())
}

#[tokio::test]
async fn s16_stop_is_heard_while_staff_hold_the_conversation_and_mulai_does_not_take_it_from_them()
-> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    let id = ward.ask(ANI, "halo", None).await?.conversation;
    ward.chat.set_handling(id, false, "sari".to_owned()).await?;
    assert_eq!(ward.ask(ANI, "mulai", None).await?.answer.outcome, Outcome::BotOff);
    assert_eq!(conversation(&ward).await?.handling, Handling::Staff);
    assert_eq!(ward.ask(ANI, "stop", None).await?.answer.outcome, Outcome::BotOff);
    assert_eq!(conversation(&ward).await?.handling, Handling::Stopped);
    Ok(())
}

#[tokio::test]
async fn r14_staff_silence_the_bot_in_the_middle_of_an_answer() -> anyhow::Result<()> {
    for by_switch in [true, false] {
        let (mut gate, slow) = Gate::before(usual);
        let ward = Ward::open(slow)?;
        let id = ward.ask(ANI, "halo", None).await?.conversation;
        assert_eq!(gate.asked().await, "halo");
        let (reply, interfered) = tokio::join!(ward.ask(ANI, "pertanyaan lama", None), async {
            gate.asked().await;
            if by_switch {
                ward.chat.set_handling(id, false, "sari".to_owned()).await?;
            } else {
                ward.chat
                    .send_message(id, MessageText::parse("Saya bantu.")?, None, "Sari".to_owned())
                    .await?;
            }
            anyhow::Ok(())
        });
        interfered?;
        // The gate is still shut: nobody waited for the answer.
        gate.let_pass();
        assert_eq!(reply?.answer.outcome, Outcome::BotOff);
        assert_eq!(conversation(&ward).await?.unanswered, 1, "what was not answered is seen by staff");
        assert_eq!(ward.count("SELECT count(*) FROM messages WHERE reply_to IS NOT NULL").await?, 1);
    }
    Ok(())
}

#[tokio::test]
async fn r14_an_emergency_is_answered_even_if_staff_write_meanwhile() -> anyhow::Result<()> {
    let (mut gate, slow) = Gate::before(usual);
    let ward = Ward::open(slow)?;
    let id = ward.ask(ANI, "halo", None).await?.conversation;
    assert_eq!(gate.asked().await, "halo");
    let (reply, wrote) = tokio::join!(ward.ask(ANI, "sesak dari lama", None), async {
        gate.asked().await;
        let text = MessageText::parse("Ada yang bisa dibantu?")?;
        ward.chat.send_message(id, text, Some(SignAs::Staff), "Sari".to_owned()).await?;
        // Asked once more, after what staff wrote.
        gate.asked().await;
        gate.let_pass();
        gate.let_pass();
        anyhow::Ok(())
    });
    wrote?;
    assert_eq!(reply?.answer.outcome, Outcome::Emergency);
    assert_eq!(flags(&ward).await?, [Flag::Emergency]);
    Ok(())
}
