//! What staff page through and search.

use satubumi::{
    chat::{ChatError, ChatRef, Incoming},
    domain::MessageId,
};

use crate::support::{ANI, Ward, usual};

#[tokio::test]
async fn three_hundred_conversations_are_paged_once_each_newest_first() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    for n in 0..300 {
        ward.chat.receive(Incoming::parse(&format!("62812{n:07}"), None, "halo", None)?).await?;
    }
    let (mut senders, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = ward.chat.conversations(None, after, 64).await?;
        assert!(page.len() == 64 || next.is_none());
        senders.extend(page.into_iter().map(|conversation| conversation.sender));
        // One that moves to the head meanwhile is neither repeated nor does it hide another.
        ward.chat.receive(Incoming::parse("628120000299", None, "lagi", None)?).await?;
        if next.is_none() {
            break;
        }
        after = next;
    }
    let expected: Vec<String> = (0..300).rev().map(|n| format!("62812{n:07}")).collect();
    assert_eq!(senders, expected);
    Ok(())
}

#[tokio::test]
async fn a_search_finds_names_numbers_and_the_beginnings_of_words() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    for (sender, name, text) in [
        ("6281300000001", Some("Ibu Siti"), "Apakah poli jantung buka hari Sabtu?"),
        ("6281300000002", Some("50% Rahmat_A"), "Berapa biaya persalinan?"),
        ("6281399990003", None, "Café di dekat rumah sakit? \"Kantin\" OR apa"),
    ] {
        ward.chat.receive(Incoming::parse(sender, name, text, None)?).await?;
    }
    for (search, expected) in [
        ("siti", vec!["6281300000001"]),
        ("8139999", vec!["6281399990003"]),
        ("jant", vec!["6281300000001"]),
        ("sabtu poli", vec!["6281300000001"]),
        ("cafe", vec!["6281399990003"]),
        ("50%", vec!["6281300000002"]),
        ("t_A", vec!["6281300000002"]),
        ("%", vec!["6281300000002"]),
        ("_", vec!["6281300000002"]),
        ("\"kantin\" OR", vec!["6281399990003"]),
        ("jantung NOT poli", vec![]),
        ("antung", vec![]),
        ("bu sit", vec!["6281300000001"]),
        ("SITI", vec!["6281300000001"]),
        ("+62 813-9999", vec!["6281399990003"]),
        ("0000", vec!["6281300000002", "6281300000001"]),
        ("62", vec!["6281399990003", "6281300000002", "6281300000001"]),
        ("rahmat* OR siti", vec![]),
        ("'; DROP TABLE messages; --", vec![]),
        ("  ", vec!["6281399990003", "6281300000002", "6281300000001"]),
    ] {
        let (page, _) = ward.chat.conversations(Some(search.to_owned()), None, 50).await?;
        let found: Vec<&str> = page.iter().map(|conversation| conversation.sender.as_str()).collect();
        assert_eq!(found, expected, "{search}");
    }
    Ok(())
}

/// Names are searched by an index as long as few hold what is searched for, else one by one: both give the same pages.
#[tokio::test]
async fn a_search_that_fits_many_is_paged_like_any_other() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    for (first, name) in [("62811", "Bapak Joko"), ("62812", "Ibu Wulan")] {
        for number in 0..2100 {
            let rare = name == "Ibu Wulan" && number >= 60;
            let name = if rare { "Ibu Dewi" } else { name };
            let incoming = Incoming::parse(&format!("{first}{number:08}"), Some(name), "halo", None)?;
            ward.chat.receive(incoming).await?;
        }
    }
    for (search, expected) in
        [("joko", 2100), ("wulan", 60), ("ibu", 2100), ("62811", 2100), ("6281200", 2100)]
    {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let (page, next) = ward.chat.conversations(Some(search.to_owned()), after, 50).await?;
            seen.extend(page.into_iter().map(|conversation| conversation.sender));
            after = next;
            if after.is_none() {
                break;
            }
        }
        let newest_first = seen.windows(2).all(|pair| pair[0] > pair[1]);
        assert!(seen.len() == expected && newest_first, "{search}: {}", seen.len());
    }
    Ok(())
}

#[tokio::test]
async fn a_search_knows_the_name_that_a_patient_has_now() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    for (name, text) in [(Some("Ani"), "halo"), (Some("Bu Anita"), "ini saya"), (None, "masih saya")] {
        ward.chat.receive(Incoming::parse(ANI, name, text, None)?).await?;
    }
    let found = async |search: &str| -> anyhow::Result<usize> {
        Ok(ward.chat.conversations(Some(search.to_owned()), None, 50).await?.0.len())
    };
    assert_eq!((found("bu anita").await?, found("nita").await?, found("ani").await?), (1, 1, 1));
    ward.chat.receive(Incoming::parse(ANI, Some("Siti"), "halo", None)?).await?;
    assert_eq!((found("anita").await?, found("siti").await?), (0, 1));
    Ok(())
}

#[tokio::test]
async fn a_conversation_shows_its_messages_page_by_page_with_what_staff_need() -> anyhow::Result<()> {
    let ward = Ward::open(usual)?;
    for n in 0..7 {
        ward.ask(ANI, &format!("pesan {n}"), None).await?;
    }
    let (mut texts, mut before): (Vec<String>, Option<MessageId>) = (Vec::new(), None);
    loop {
        let page = ward.chat.detail(ChatRef::parse(ANI)?, before, 5).await?;
        let older: Vec<String> = page.messages.iter().map(|logged| logged.message.text.clone()).collect();
        texts.splice(0..0, older);
        before = page.before;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<String> =
        (0..7).flat_map(|n| [format!("pesan {n}"), format!("Jawaban untuk: pesan {n}")]).collect();
    assert_eq!(texts, expected);

    let detail = ward.chat.detail(ChatRef::Id(satubumi::domain::ConversationId(1)), None, 2).await?;
    let [question, reply] = &detail.messages[..] else { anyhow::bail!("two were asked for") };
    assert_eq!(reply.reply_to, Some(question.message.id));
    assert_eq!(reply.answer.as_ref().map(|answer| answer.sources.len()), Some(1));
    assert!(question.answer.is_none() && question.message.outcome == reply.message.outcome);
    let missing = ward.chat.detail(ChatRef::parse("6281999999999")?, None, 2).await;
    assert!(matches!(missing, Err(ChatError::NotFound)));
    Ok(())
}
