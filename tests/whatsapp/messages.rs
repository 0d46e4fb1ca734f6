//! R2, R4, R5, R14: every message once, whatever it is and whenever it comes.

use std::time::Duration;

use anyhow::Result;
use satubumi::domain::{Delivery, Flag, Handling, MessageKind};
use whatsapp_loopback::{Addressing, ChatState, Outgoing, Seen};

use crate::{
    hospital::{Hospital, PATIENCE, eventually, gets},
    support::usual,
};

const ANI: &str = "6281200000001";

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_seen_answered_and_its_ticks_move() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    let id = ani.send_text("jam besuk berapa?").await?;
    let reply = gets(&ani, "Jawaban untuk: jam besuk berapa?").await?;
    let read = |sighting: &whatsapp_loopback::Sighting| matches!(&sighting.what, Seen::Receipt { ids, kind, .. } if kind == "read" && ids.contains(&id));
    hospital.account.seen().wait_for(read, PATIENCE).await?;

    let delivery = async || -> Result<Option<Delivery>> {
        Ok(hospital.detail(ANI).await?.messages.last().and_then(|last| last.message.delivery))
    };
    eventually(async || Ok(delivery().await? >= Some(Delivery::Delivered))).await?;
    ani.read(&reply.id)?;
    eventually(async || Ok(delivery().await? == Some(Delivery::Read))).await?;
    let detail = hospital.detail(ANI).await?;
    assert_eq!(detail.conversation.name.as_deref(), Some("Ani"));
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r02_a_message_that_comes_five_times_and_under_two_names_gets_one_reply() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    let id = ani.send_repeatedly("halo", 5).await?;
    for addressing in [Addressing::Pn, Addressing::Lid] {
        let again = Outgoing { id: Some(id.clone()), addressing: Some(addressing), ..Outgoing::default() };
        let text = whatsapp_rust::waproto::whatsapp::Message {
            conversation: Some("halo".to_owned()),
            ..Default::default()
        };
        ani.send_with(again, text).await?;
    }
    ani.send_text("sudah?").await?;
    gets(&ani, "Jawaban untuk: sudah?").await?;
    let halo = ani.inbox().count(|received| received.text() == Some("Jawaban untuk: halo"));
    assert_eq!(halo, 1);
    assert_eq!(hospital.ward.count("SELECT count(*) FROM conversations").await?, 1);
    assert_eq!(hospital.ward.count("SELECT count(*) FROM messages WHERE author = 'patient'").await?, 2);
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r04_what_came_without_a_connection_is_answered_after_it() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    hospital.server.set_online(false);
    hospital.account.wait_disconnected(PATIENCE).await?;
    let mut patients = Vec::new();
    for n in 0..30 {
        let patient = hospital.patient(&format!("62812000001{n:02}"), "Pasien")?;
        for text in 0..10 {
            patient.send_text(&format!("pesan {text}")).await?;
        }
        patients.push(patient);
    }
    hospital.server.set_online(true);
    hospital.account.wait_connected(PATIENCE).await?;
    for patient in &patients {
        gets(patient, "pesan 9").await?;
    }
    assert_eq!(hospital.ward.count("SELECT count(*) FROM messages WHERE author = 'patient'").await?, 300);
    assert_eq!(
        hospital
            .ward
            .count("SELECT count(*) FROM messages WHERE author = 'patient' AND outcome IS NULL")
            .await?,
        0
    );
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r05_every_kind_leaves_a_row_and_a_way_on() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    ani.send_voice_note(b"OggS", 7).await?;
    gets(&ani, "Mohon ketik").await?;
    ani.send_image(b"\xff\xd8\xff", "jadwal ini benar?").await?;
    gets(&ani, "Jawaban untuk: jadwal ini benar?").await?;
    ani.send_document(b"%PDF-1.4", "hasil.pdf", "application/pdf").await?;
    ani.send_sticker(b"RIFF").await?;
    ani.send_location(-6.55, 107.44, "Alun-alun").await?;
    ani.send_contact("Budi", "6281200000002").await?;
    let text = ani.send_text("terima kasih").await?;
    gets(&ani, "Jawaban untuk: terima kasih").await?;
    let call = ani.ring()?;
    ani.hang_up(&call)?;
    let rang = "SELECT count(*) FROM messages WHERE kind = 'call'";
    eventually(async || Ok(hospital.ward.count(rang).await? == 1)).await?;
    ani.react(&text, "🙏").await?;
    ani.edit(&text, "terima kasih banyak").await?;
    ani.delete(&text).await?;
    ani.send_garbled("bisa dibaca?").await?;
    gets(&ani, "Jawaban untuk: bisa dibaca?").await?;

    let detail = hospital.detail(ANI).await?;
    let kinds: Vec<MessageKind> = detail
        .messages
        .iter()
        .filter(|logged| logged.message.external_id.is_some())
        .map(|logged| logged.message.kind)
        .collect();
    use MessageKind::{
        Call, Contact, Delete, Document, Edit, Image, Location, Reaction, Sticker, Text, Voice,
    };
    assert_eq!(
        kinds,
        [Voice, Image, Document, Sticker, Location, Contact, Text, Call, Reaction, Edit, Delete, Text]
    );
    let asked_to_type =
        ani.inbox().count(|received| received.text().is_some_and(|text| text.contains("Mohon ketik")));
    assert_eq!(asked_to_type, 1);
    assert!(detail.flags.iter().filter(|flag| flag.reason == Flag::NotText).count() >= 6);
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_and_statuses_are_nobody() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    ani.send_to_group("120363000000000001", "halo semua").await?;
    ani.post_status("status").await?;
    ani.send_text("halo").await?;
    gets(&ani, "Jawaban untuk: halo").await?;
    assert_eq!(ani.inbox().len(), 1);
    assert_eq!(hospital.ward.count("SELECT count(*) FROM messages WHERE author = 'patient'").await?, 1);
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_what_staff_type_on_the_phone_silences_the_bot() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    ani.send_text("halo").await?;
    gets(&ani, "Jawaban untuk: halo").await?;
    hospital.account.companion_says(&ani, "Saya Sari, saya bantu.").await?;
    let staff_hold = async || Ok(hospital.detail(ANI).await?.conversation.handling == Handling::Staff);
    eventually(staff_hold).await?;
    ani.send_text("baik").await?;
    eventually(async || Ok(hospital.detail(ANI).await?.conversation.unanswered == 1)).await?;
    let by_bot =
        ani.inbox().count(|received| received.text().is_some_and(|text| text.starts_with("Jawaban")));
    assert_eq!(by_bot, 1);
    hospital.close().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_that_whatsapp_refuses_is_tried_again_with_the_same_id() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    hospital.account.nack_next(1, 463);
    ani.send_text("halo").await?;
    gets(&ani, "Jawaban untuk: halo").await?;
    let ids = sent_ids(&hospital);
    assert!(ids.len() == 2 && ids[0] == ids[1], "{ids:?}");
    hospital.close().await;
    Ok(())
}

/// The acknowledgement is lost with the connection: whether the patient got it is not known, so it goes out once more, as
/// the same message.
#[tokio::test(flavor = "multi_thread")]
async fn r01_a_reply_whose_ack_was_lost_is_sent_again_with_the_same_id() -> Result<()> {
    let hospital = Hospital::open(usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    ani.confirm_deliveries(false);
    hospital.account.withhold_acks(true);
    ani.send_text("halo").await?;
    gets(&ani, "Jawaban untuk: halo").await?;
    hospital.account.drop_connections();
    eventually(async || Ok(sent_ids(&hospital).len() > 1)).await?;
    hospital.account.withhold_acks(false);
    let delivery = async || -> Result<Option<Delivery>> {
        Ok(hospital.detail(ANI).await?.messages.last().and_then(|last| last.message.delivery))
    };
    eventually(async || Ok(delivery().await? == Some(Delivery::Sent))).await?;
    let ids = sent_ids(&hospital);
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    hospital.close().await;
    Ok(())
}

/// The ids of what WhatsApp was given to send, again and again included.
fn sent_ids(hospital: &Hospital) -> Vec<String> {
    let seen = hospital.account.seen().all().into_iter();
    seen.filter_map(|sighting| match sighting.what {
        Seen::Message { id, .. } => Some(id),
        _ => None,
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_who_types_is_waited_for() -> Result<()> {
    let quiet = Duration::from_secs(5);
    let hospital = Hospital::open_with(quiet, usual).await?;
    let ani = hospital.patient(ANI, "Ani")?;
    ani.send_text("selamat pagi").await?;
    // Longer than the quiet time, so that without the signs of typing the first line would be answered alone.
    for _ in 0..14 {
        ani.show(ChatState::Composing)?;
        tokio::time::sleep(quiet / 10).await;
    }
    ani.send_text("jam besuk berapa?").await?;
    let reply = gets(&ani, "jam besuk berapa?").await?;
    assert_eq!(reply.text(), Some("Jawaban untuk: selamat pagi\njam besuk berapa?"));
    assert_eq!(ani.inbox().len(), 1);
    hospital.close().await;
    Ok(())
}
