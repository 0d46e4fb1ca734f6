//! R1 and R2 with the real binary, killed while it answers.

use std::{collections::HashMap, thread, time::Duration};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::hospital::{Hospital, Server};

const PATIENTS: [&str; 3] = ["6281200000001", "6281200000002", "6281200000003"];

/// One that is answered in milliseconds, one for which passages are read.
const MESSAGES: [&str; 2] = [
    "tolong bapak saya dadanya sakit bgt nembus ke lengan keringetan",
    "brp biaya cek kolesterol total di lab kak",
];

/// How long it answers until it is killed, in milliseconds: before anything is stored, while it reads passages, between the
/// answers of one conversation, when most are done.
const LIVES: [u64; 4] = [1, 80, 700, 3000];

#[test]
fn r01_r02_killed_while_it_answers_every_message_ends_with_one_answer() -> Result<()> {
    let hospital = Hospital::open()?;
    let token = hospital.token("latihan")?;
    let mut answered = HashMap::new();
    for (round, life) in LIVES.into_iter().enumerate() {
        let server = hospital.serve()?;
        thread::scope(|scope| {
            let asking = PATIENTS.map(|sender| {
                let (server, token) = (&server, &token);
                scope.spawn(move || ask_all(server, token, sender, round))
            });
            thread::sleep(Duration::from_millis(life));
            server.kill()?;
            for patient in asking {
                answered.extend(patient.join().expect("a patient's thread"));
            }
            anyhow::Ok(())
        })?;
        server.wait()?;
    }
    assert!(!answered.is_empty(), "it was never fast enough to answer at all");

    // WhatsApp, or whoever calls, sends again what it got no answer to: the same ids.
    let server = hospital.serve()?;
    for sender in PATIENTS {
        let mut conversation = None;
        for round in 0..LIVES.len() {
            let again = ask_all(&server, &token, sender, round);
            assert_eq!(again.len(), MESSAGES.len(), "{sender}, round {round}");
            for (id, reply) in again {
                conversation = Some(reply["conversation_id"].clone());
                if let Some(before) = answered.get(&id) {
                    assert_eq!(&reply["response"], &before["response"], "{id}");
                }
            }
        }
        let chat = server.get(&token, &format!("/admin/chats/{}", conversation.context("asked")?))?;
        let messages = chat["messages"].as_array().context("messages")?;
        let written_by = |author: &str| messages.iter().filter(|m| m["author"] == author).collect::<Vec<_>>();
        let patient = written_by("patient");
        assert_eq!(patient.len(), LIVES.len() * MESSAGES.len(), "{sender}: one row a message");
        for message in patient {
            let id = message["message_id"].as_str().context("an id")?;
            assert!(!message["outcome"].is_null(), "{id} waits for ever");
            let replies = written_by("bot").into_iter().filter(|reply| reply["reply_to"] == message["id"]);
            assert_eq!(replies.count(), 1, "{id}");
        }
    }
    server.stop()
}

/// One patient's messages of one round, one after the other; the replies that came, by message id.
fn ask_all(server: &Server, token: &str, sender: &str, round: usize) -> Vec<(String, Value)> {
    let mut replies = Vec::new();
    for (number, message) in MESSAGES.into_iter().enumerate() {
        let id = format!("{sender}-{round}-{number}");
        let body = json!({"sender": sender, "message": message, "message_id": id});
        // No answer: it was killed before.
        if let Ok(reply) = server.post(token, "/ask", &body) {
            replies.push((id, reply));
        }
    }
    replies
}
