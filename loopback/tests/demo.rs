//! The terminal demo, with a question from a pipe. The server that it starts is this program again, which then answers
//! with what it was asked.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use whatsapp_rust::{
    bot::Bot,
    prelude::{MessageContext, MessageExt as _},
    store::SqliteStore,
    transport::TokioWebSocketTransportFactory,
};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [_, "--data-dir", folder, "serve", "--loudly"] => serve(Path::new(folder)),
        [_, "--data-dir", _, "serve", "--not-at-all"] => std::process::abort(),
        _ => {
            a_question_from_a_pipe_is_answered();
            a_server_that_ends_is_reported();
        }
    }
}

fn a_question_from_a_pipe_is_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    // The second time, the store of the first is in the way.
    for _ in 0..2 {
        let (told, succeeded) =
            demo(folder.path(), "--loudly", "Poli anak buka jam berapa?\n\nHari Minggu?\n");
        assert!(succeeded, "{told}");
        let places: Vec<usize> = [
            "Satu Bumi sudah tersambung",
            "Anda: Poli anak buka jam berapa?",
            "✓  terkirim",
            "✓✓ sampai",
            "✓✓ dibaca",
            "mengetik…",
            "RSH Satu Bumi: Anda bertanya:\n               POLI ANAK BUKA JAM BERAPA?",
            "Anda: Hari Minggu?",
            "HARI MINGGU?",
            "dimatikan",
        ]
        .iter()
        .map(|part| told.find(part).unwrap_or_else(|| panic!("{part} is not in:\n{told}")))
        .collect();
        assert!(places.is_sorted(), "{told}");
        assert!(!told.contains('\x1b'), "no colours in a pipe");
        let log = std::fs::read_to_string(folder.path().join("server.log")).expect("the server's log");
        assert_eq!(log, "stopped in order\n");
    }
}

fn a_server_that_ends_is_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let (told, succeeded) = demo(folder.path(), "--not-at-all", "Halo\n");
    assert!(!succeeded && told.contains("the server ended"), "{told}");
}

/// Runs the demo; gives what it wrote and whether it succeeded.
fn demo(folder: &Path, argument: &str, input: &str) -> (String, bool) {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_satubumi-demo"))
        .arg("--server-binary")
        .arg(std::env::current_exe().expect("this program"))
        .arg("--data-dir")
        .arg(folder)
        .args(["--", argument])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    // A demo that has ended already does not read.
    let _ = demo.stdin.take().expect("a pipe").write_all(input.as_bytes());
    let done = demo.wait_with_output().expect("the demo ends");
    let told = [done.stdout, done.stderr].concat();
    (String::from_utf8_lossy(&told).into_owned(), done.status.success())
}

#[expect(clippy::disallowed_methods, reason = "this stands in for a program that reads its configuration")]
fn serve(folder: &Path) {
    assert_eq!(std::env::var("SATUBUMI__WHATSAPP__ENABLED").as_deref(), Ok("true"));
    let url = std::env::var("SATUBUMI__WHATSAPP__SERVER_URL").expect("an address");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let store =
            SqliteStore::new(folder.join("whatsapp.db").to_str().expect("a path")).await.expect("a store");
        let bot = Bot::builder()
            .with_backend_arc(Arc::new(store))
            .with_transport_factory(TokioWebSocketTransportFactory::new().with_url(url))
            .with_version((2, 3000, 1_030_000_000))
            .with_wanted_pre_key_count(20)
            .on_message(echo)
            .build()
            .await
            .expect("a bot")
            .spawn();
        let terminate = tokio::signal::unix::SignalKind::terminate();
        tokio::signal::unix::signal(terminate).expect("a signal handler").recv().await;
        bot.shutdown().await;
    });
    std::io::stdout().write_all(b"stopped in order\n").expect("a log");
}

async fn echo(context: MessageContext) {
    let chat = &context.info.source.chat;
    let text = context.message.text_content().unwrap_or_default().to_uppercase();
    context.client.mark_as_read(chat, None, &[&context.info.id]).await.expect("connected");
    context.client.chatstate().send_composing(chat).await.expect("connected");
    tokio::time::sleep(Duration::from_millis(100)).await;
    context.reply(format!("Anda bertanya:\n{text}")).await.expect("connected");
}
