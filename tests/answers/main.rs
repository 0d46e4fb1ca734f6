//! The whole way with the real binary and the real small models: index documents, serve, ask as a patient would.

#[path = "../support/hospital.rs"]
#[expect(dead_code, reason = "shared with other tests; each uses a part of it")]
mod hospital;
mod killed;

use anyhow::Result;
use hospital::Hospital;
use serde_json::json;

#[test]
fn a_patient_is_answered_from_the_documents_over_http_and_without_a_server() -> Result<()> {
    let hospital = Hospital::open()?;

    // Without a server.
    let answer = hospital.ask("Kak, hari Sabtu poli buka sampai jam berapa ya?")?;
    assert_eq!(answer["outcome"], "approved", "{answer}");
    assert!(text(&answer, "text").contains("13.00"), "{answer}");

    let server = hospital.serve()?;
    let token = hospital.token("latihan")?;

    // The README's own example: curl sends a form's content type.
    let reply = server.post(
        &token,
        "/ask",
        &json!({"sender": "6281234567890", "message": "Kak, hari Sabtu poli buka sampai jam berapa ya?", "message_id": "a1"}),
    )?;
    assert_eq!(reply["outcome"], "approved", "{reply}");
    assert!(text(&reply, "response").contains("13.00"), "{reply}");
    // S16: first contact tells that a machine answers, in the same message.
    assert!(text(&reply, "response").contains("asisten otomatis"), "{reply}");
    let again = server.post(
        &token,
        "/ask",
        &json!({"sender": "6281234567890", "message": "Kak, hari Sabtu poli buka sampai jam berapa ya?", "message_id": "a1"}),
    )?;
    assert_eq!(again["response"], reply["response"]);
    assert_eq!(again["message_id"], reply["message_id"]);

    // Quoted, with the passage it rests on; the price stands in it.
    let reply = server.ask(&token, "brp biaya cek kolesterol total di lab kak")?;
    assert_eq!(reply["outcome"], "quoted", "{reply}");
    let passage = reply["sources"][0]["passage"].as_str().unwrap_or_default();
    assert!(passage.contains("Kolesterol total"), "{reply}");
    assert_eq!(reply["sources"][0]["document"], "documents/tarif/tarif-laboratorium.csv");

    // C1: a red flag gets the fixed text at once.
    let reply = server.ask(&token, "tolong bapak saya dadanya sakit bgt nembus ke lengan keringetan")?;
    assert_eq!(reply["outcome"], "emergency", "{reply}");
    assert!(text(&reply, "response").contains("119"), "{reply}");

    // C2: warfarin and herbs: never a composed permission.
    let reply = server.ask(&token, "Ibu saya minum warfarin, boleh ikut terapi herbal gak?")?;
    assert!(matches!(reply["outcome"].as_str(), Some("quoted" | "handed_over")), "{reply}");
    assert!(!text(&reply, "response").to_lowercase().contains("ya, boleh"), "{reply}");

    // C4: what no document holds goes to staff, and the conversation waits for them.
    let reply = server.ask(&token, "siapa nama direktur utama rumah sakit tetangga di Bandung?")?;
    assert_eq!(reply["outcome"], "handed_over", "{reply}");
    let chat = server.get(&token, &format!("/admin/chats/{}", reply["conversation_id"]))?;
    assert!(chat.to_string().contains("\"waiting\":true"), "{chat}");

    // What lies nearest is shown, but as no answer: staff get the question.
    let reply = server.ask(&token, "biaya tes dna di lab berapa")?;
    assert_eq!(reply["outcome"], "handed_over", "{reply}");
    assert!(text(&reply, "response").contains("Mungkin ini berkaitan"), "{reply}");
    assert!(reply["sources"].as_array().is_some_and(|sources| !sources.is_empty()), "{reply}");

    // No document knows one patient's case, or a doctor who is not there; what lies near would mislead.
    for beyond in ["hasil rontgen bapak saya sudah jadi belum ya", "dr andi sp.og praktek hari apa aja min"] {
        let reply = server.ask(&token, beyond)?;
        assert_eq!(reply["outcome"], "handed_over", "{reply}");
        assert!(reply["sources"].as_array().is_some_and(Vec::is_empty), "{reply}");
    }

    // Numerals that are no digits once kept a core busy for ever.
    let reply = server.ask(&token, "obat tinggal ½ strip ①, bagaimana ya")?;
    assert!(!text(&reply, "response").is_empty(), "{reply}");

    server.stop()
}

#[test]
fn a_follow_up_is_understood_with_what_went_before() -> Result<()> {
    let hospital = Hospital::open()?;
    let answer = hospital.ask_after("Hari Sabtu poliklinik buka jam berapa?", "kalau hari Minggu?")?;
    assert!(text(&answer, "text").contains("Minggu"), "{answer}");
    Ok(())
}

#[test]
fn a_hand_over_says_when_no_staff_are_there() -> Result<()> {
    let hospital = Hospital::open()?;
    let beyond = "siapa nama direktur utama rumah sakit tetangga di Bandung?";
    let closed = "Saat ini di luar jam petugas";
    hospital.configure("[hospital]\nstaff_hours = [\"Mon-Sun 00:00-24:00\"]")?;
    let answer = hospital.ask(beyond)?;
    assert_eq!(answer["outcome"], "handed_over", "{answer}");
    assert!(!text(&answer, "text").contains(closed), "{answer}");

    let today = jiff::Zoned::now().date();
    let around = [today.yesterday()?, today, today.tomorrow()?].map(|day| format!("{:?}", day.to_string()));
    hospital.configure(&format!(
        "[hospital]\nstaff_hours = [\"Mon-Sun 00:00-24:00\"]\nstaff_holidays = [{}]",
        around.join(", ")
    ))?;
    let answer = hospital.ask(beyond)?;
    assert!(text(&answer, "text").contains(closed), "{answer}");
    // An answer needs no staff, and an emergency does not wait for any.
    let answer = hospital.ask("Kak, hari Sabtu poli buka sampai jam berapa ya?")?;
    assert!(!text(&answer, "text").contains(closed), "{answer}");
    let answer = hospital.ask("tolong bapak saya dadanya sakit bgt nembus ke lengan keringetan")?;
    assert!(!text(&answer, "text").contains(closed), "{answer}");

    hospital.configure("[hospital]\nstaff_hours = [\"Senin 07:00-20:00\"]")?;
    let refused = hospital.run(&["ask", "halo"])?;
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && told.contains("hospital.staff_hours"), "{told}");
    Ok(())
}

#[test]
fn errors_of_the_command_line_say_what_to_do() -> Result<()> {
    let hospital = Hospital::open_empty()?;
    let refused = hospital.run(&["--models-dir", "/nonexistent/models", "ask", "halo"])?;
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("models fetch"), "{told}");
    Ok(())
}

fn text<'a>(answer: &'a serde_json::Value, field: &str) -> &'a str {
    answer[field].as_str().unwrap_or_default()
}

#[test]
fn the_doctor_refuses_a_build_that_believes_any_server() -> Result<()> {
    let hospital = Hospital::open_empty()?;
    let told = hospital.run(&["doctor"])?;
    let lines = String::from_utf8(told.stdout)?;
    // This build is the tests' own: their client pairs with a server that has no certificates.
    assert!(!told.status.success());
    assert!(
        lines.contains("FAIL this build does not verify") && lines.contains("ok   the models of"),
        "{lines}"
    );
    Ok(())
}
