//! The knowledge pages: who may what, nothing outside of the folder, nothing wrong saved and nothing lost.

use std::{fs, path::Path};

use axum::http::{StatusCode, header};
use satubumi::store::{audit, file_versions, staff::Role};

use crate::{
    chat_support::{ANI, usual},
    support::{
        Api, Reply,
        browser::{Browser, add_account},
    },
};

const KONTAK: &str = "documents/umum/kontak.md";
const TEXT: &str = "---\n# dari SK 12\ntitle: Kontak\nreviewer: Ani\n---\n\nTelepon (0264) 555-0100.\n";

/// A hospital with a document, the sample's replies and red flags, and an approved answer.
fn furnished() -> anyhow::Result<Api> {
    let api = Api::open(usual)?;
    for (name, role) in [("ayu", Role::Administrator), ("sari", Role::Agent), ("tono", Role::Viewer)] {
        add_account(&api, name, role)?;
    }
    let own = api.ward.knowledge_folder();
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("knowledge");
    for kind in ["replies", "triage"] {
        fs::create_dir_all(own.join(kind))?;
        for entry in fs::read_dir(sample.join(kind))? {
            let from = entry?.path();
            fs::copy(&from, own.join(kind).join(from.file_name().unwrap_or_default()))?;
        }
    }
    fs::create_dir_all(own.join("documents/umum"))?;
    fs::write(own.join(KONTAK), TEXT)?;
    fs::create_dir_all(own.join("approved"))?;
    fs::write(
        own.join("approved/umum.toml"),
        "# Umum\n\n[[answer]]\nid = \"alamat\" # tetap\nquestions = [\"Alamatnya di mana?\"]\nanswer = \"Jl. Bumi 1.\"\nreviewer = \"Ani\"\n",
    )?;
    Ok(api)
}

fn on_disk(api: &Api, path: &str) -> anyhow::Result<String> {
    Ok(fs::read_to_string(api.ward.knowledge_folder().join(path))?)
}

/// The value of a page's hidden field.
fn hidden(page: &Reply, name: &str) -> String {
    let from = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
    from.split('"').next().unwrap_or_default().to_owned()
}

fn place(reply: &Reply) -> String {
    reply.headers.get(header::LOCATION).and_then(|place| place.to_str().ok()).unwrap_or_default().to_owned()
}

fn versions(api: &Api, path: &'static str) -> anyhow::Result<Vec<String>> {
    let kept = api.ward.store.read_blocking(|tx| file_versions::list(tx, path))?;
    Ok(kept.into_iter().map(|version| version.reason.as_str().to_owned()).collect())
}

const EDIT: &str = "/knowledge/documents/edit?path=documents%2Fumum%2Fkontak.md";
const SAVE: &str = "/knowledge/documents/save";

fn fields<'a>(revision: &'a str, title: &'a str, until: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("path", KONTAK),
        ("revision", revision),
        ("title", title),
        ("reviewer", "Ani"),
        ("valid_until", until),
        ("body", body),
    ]
}

#[tokio::test]
async fn a_document_is_edited_kept_put_back_and_deleted() -> anyhow::Result<()> {
    let api = furnished()?;
    let mut boss = Browser::signed_in(&api, "ayu").await?;
    let form = boss.open(EDIT).await?;
    assert!(form.text.contains("value=\"Kontak\"") && form.text.contains("Telepon (0264) 555-0100."));
    let revision = hidden(&form, "revision");
    let saved =
        boss.submit(SAVE, &fields(&revision, "Kontak kami", "2099-12-31", "Telepon 119.\r\n")).await?;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let text = on_disk(&api, KONTAK)?;
    assert_eq!(
        text,
        "---\n# dari SK 12\ntitle: Kontak kami\nreviewer: Ani\nvalid-until: 2099-12-31\n---\n\nTelepon 119.\n"
    );
    assert_eq!(versions(&api, KONTAK)?, ["saved", "outside"], "what stood there before is kept");

    let page = boss.open(&place(&saved)).await?;
    assert!(page.text.contains("Telepon 119.") && page.text.contains("Tersimpan."), "{}", page.text);
    let oldest = api.ward.store.read_blocking(|tx| file_versions::list(tx, KONTAK))?;
    let oldest = oldest.last().map_or(0, |version| version.id);
    assert!(boss.open(&format!("/knowledge/versions/{oldest}")).await?.text.contains("555-0100"));
    let restored = boss.submit(&format!("/knowledge/versions/{oldest}/restore"), &[]).await?;
    assert_eq!(restored.status, StatusCode::SEE_OTHER);
    assert_eq!(on_disk(&api, KONTAK)?, TEXT);

    let page = boss.open("/knowledge/documents/view?path=documents%2Fumum%2Fkontak.md").await?;
    let deleting = [("path", KONTAK), ("revision", &hidden(&page, "revision"))];
    assert_eq!(boss.submit("/knowledge/documents/delete", &deleting).await?.status, StatusCode::SEE_OTHER);
    assert!(on_disk(&api, KONTAK).is_err());
    assert_eq!(versions(&api, KONTAK)?, ["deleted", "restored", "saved", "outside"]);
    assert!(boss.open("/knowledge").await?.text.contains("Dihapus baru-baru ini"));
    assert_eq!(
        boss.submit(&format!("/knowledge/versions/{oldest}/restore"), &[]).await?.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(on_disk(&api, KONTAK)?, TEXT, "a deleted file comes back");

    let entries = api.ward.store.read_blocking(|tx| audit::page(tx, None, 10))?;
    let told: Vec<_> = entries.iter().rev().skip(1).map(|entry| entry.action.as_str()).collect();
    assert_eq!(told, ["file_saved", "file_restored", "file_deleted", "file_restored"]);
    assert!(entries.iter().all(|entry| entry.actor == "ayu"));
    Ok(())
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_nothing_typed_is_lost() -> anyhow::Result<()> {
    let api = furnished()?;
    let mut boss = Browser::signed_in(&api, "ayu").await?;
    let revision = hidden(&boss.open(EDIT).await?, "revision");
    let long = "a".repeat((1 << 20) + 1);
    for (title, until, body, told) in [
        ("Judul panjang saya", "31-12-2026", "Tulisan panjang saya.", "Tanggalnya belum benar"),
        ("Judul panjang saya", "2026-02-30", "Tulisan panjang saya.", "Tanggalnya belum benar"),
        ("Judul panjang saya", "", "# Tulisan panjang saya.", "Tidak ada tulisan"),
        ("Judul panjang saya", "", "Tulisan panjang saya.\0", "Isi berkas tidak sesuai"),
        ("Judul panjang saya", "", long.as_str(), "Terlalu besar"),
    ] {
        let reply = boss.submit(SAVE, &fields(&revision, title, until, body)).await?;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        assert!(reply.text.contains(told), "{told}: {}", &reply.text[..4000.min(reply.text.len())]);
        assert!(reply.text.contains(title), "{told}");
        assert!(reply.text.contains(&body[..10]), "{told}");
        assert_eq!(hidden(&reply, "revision"), revision);
    }
    assert_eq!(on_disk(&api, KONTAK)?, TEXT);
    assert!(versions(&api, KONTAK)?.is_empty());
    assert!(
        fs::read_dir(api.ward.knowledge_folder().join("documents/umum"))?.count() == 1,
        "nothing is left"
    );
    Ok(())
}

#[tokio::test]
async fn what_somebody_else_changed_is_not_overwritten_unseen() -> anyhow::Result<()> {
    let api = furnished()?;
    let mut boss = Browser::signed_in(&api, "ayu").await?;
    let seen = hidden(&boss.open(EDIT).await?, "revision");
    let by_hand = TEXT.replace("555-0100", "555-0199");
    fs::write(api.ward.knowledge_folder().join(KONTAK), &by_hand)?;
    let refused = boss.submit(SAVE, &fields(&seen, "Kontak", "", "Punya saya.")).await?;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("Punya saya.") && refused.text.contains("555-0199"),
        "both texts are there"
    );
    assert_eq!(on_disk(&api, KONTAK)?, by_hand);
    let delete = [("path", KONTAK), ("revision", seen.as_str())];
    assert_eq!(boss.submit("/knowledge/documents/delete", &delete).await?.status, StatusCode::CONFLICT);
    for none in ["", "00", "zz"] {
        let reply = boss.submit(SAVE, &fields(none, "Kontak", "", "Punya saya.")).await?;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{none:?} was never seen");
    }
    // Knowing what is there, it may be replaced; what was written by hand is kept.
    let again = hidden(&refused, "revision");
    let saved = boss.submit(SAVE, &fields(&again, "Kontak", "", "Punya saya.")).await?;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    assert!(on_disk(&api, KONTAK)?.contains("Punya saya."));
    let kept = api.ward.store.read_blocking(|tx| {
        let outside = file_versions::list(tx, KONTAK)?.pop().map_or(0, |version| version.id);
        Ok(file_versions::get(tx, outside)?.and_then(|(_, content)| content))
    })?;
    assert_eq!(kept, Some(by_hand.into_bytes()));
    Ok(())
}

#[tokio::test]
async fn no_name_leads_out_of_the_folder() -> anyhow::Result<()> {
    let api = furnished()?;
    let outside = api.ward.knowledge_folder().join("../rahasia.md");
    fs::write(&outside, "rahasia")?;
    std::os::unix::fs::symlink(&outside, api.ward.knowledge_folder().join("documents/tautan.md"))?;
    let mut boss = Browser::signed_in(&api, "ayu").await?;
    for name in [
        "../rahasia.md",
        "documents/../../rahasia.md",
        "documents/..%2f..%2frahasia.md",
        "/etc/passwd",
        "documents/tautan.md",
        "documents/umum/kontak.md\0",
        "documents\\..\\rahasia.md",
        "satubumi.db",
        "",
    ] {
        let query = form_urlencoded::Serializer::new(String::new()).append_pair("path", name).finish();
        for page in [
            "documents/view",
            "documents/edit",
            "documents/file",
            "documents/head",
            "history",
            "red-flags/edit",
        ] {
            let reply = boss.open(&format!("/knowledge/{page}?{query}")).await?;
            assert!(reply.status.is_client_error() || !reply.text.contains("rahasia<"), "{page} {name:?}");
            assert!(reply.status != StatusCode::INTERNAL_SERVER_ERROR, "{page} {name:?}");
        }
        let sent = [("path", name), ("revision", ""), ("title", "x"), ("body", "ditimpa")];
        let reply = boss.submit(SAVE, &sent).await?;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{name:?}");
        for (path, fields) in [
            ("/knowledge/documents/delete", vec![("path", name), ("revision", "")]),
            ("/knowledge/red-flags/save", vec![("path", name), ("revision", ""), ("text", "x")]),
        ] {
            assert!(boss.submit(path, &fields).await?.status.is_client_error(), "{path} {name:?}");
        }
    }
    for (folder, name) in [("../..", "baru.md"), ("..", "baru"), ("/etc", "a/../../b"), (".git", "a.md")] {
        let sent = [("path", ""), ("folder", folder), ("name", name), ("title", "x"), ("body", "baru")];
        let reply = boss.submit(SAVE, &sent).await?;
        assert!(reply.status == StatusCode::UNPROCESSABLE_ENTITY || reply.status == StatusCode::SEE_OTHER);
    }
    assert_eq!(fs::read_to_string(&outside)?, "rahasia");
    assert!(!api.ward.knowledge_folder().join("../baru.md").exists());
    assert!(!Path::new("/etc/b.md").exists() && !api.ward.knowledge_folder().join("documents/.git").exists());
    Ok(())
}

/// A form with files, as browsers send it.
fn multipart(folder: &str, files: &[(&str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    body.extend(
        format!("--batas\r\ncontent-disposition: form-data; name=\"folder\"\r\n\r\n{folder}\r\n")
            .into_bytes(),
    );
    for (name, bytes) in files {
        let head = format!(
            "--batas\r\ncontent-disposition: form-data; name=\"files\"; filename=\"{name}\"\r\ncontent-type: text/plain\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--batas--\r\n");
    ("multipart/form-data; boundary=batas".to_owned(), body)
}

#[tokio::test]
async fn an_upload_is_checked_and_never_overwrites_silently() -> anyhow::Result<()> {
    let api = furnished()?;
    let mut boss = Browser::signed_in(&api, "ayu").await?;
    let upload = "/knowledge/documents/upload";
    let (kind, body) = multipart(
        "umum",
        &[
            ("parkir.md", b"# Parkir\n\nParkir buka 24 jam.\n"),
            ("kontak.md", b"# Kontak\n\nTelepon 112.\n"),
            ("virus.exe", b"MZ"),
            ("palsu.pdf", b"bukan pdf"),
            ("kosong.txt", b""),
            ("../../../luar.md", b"# Luar\n\nDi luar.\n"),
            ("<img src=x onerror=alert(1)>.txt", b"Aman.\n"),
        ],
    );
    let reply = boss.submit_body(upload, &kind, body).await?;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "some were refused: {}", reply.text);
    assert!(on_disk(&api, "documents/umum/parkir.md")?.contains("24 jam"));
    assert!(on_disk(&api, "documents/umum/luar.md").is_ok(), "a path in a name is no path");
    assert!(!reply.text.contains("<img src=x"));
    for told in
        ["Jenis berkas ini tidak dibaca", "Isi berkas tidak sesuai", "Tidak ada tulisan", "Pakai yang baru"]
    {
        assert!(reply.text.contains(told), "{told}");
    }
    assert_eq!(on_disk(&api, KONTAK)?, TEXT, "nothing is overwritten before somebody says so");
    let restore = reply.text.split("action=\"/knowledge/versions/").nth(1).unwrap_or_default();
    let restore = restore.split('"').next().unwrap_or_default();
    let done = boss.submit(&format!("/knowledge/versions/{restore}"), &[]).await?;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{restore}");
    assert!(on_disk(&api, KONTAK)?.contains("Telepon 112."));
    assert_eq!(versions(&api, KONTAK)?, ["uploaded", "outside"]);

    let (kind, body) = multipart("umum", &[("parkir.md", b"# Parkir\n\nParkir buka 24 jam.\n")]);
    assert!(boss.submit_body(upload, &kind, body).await?.text.contains("isinya sama"));
    let (kind, body) = multipart("../..", &[("a.md", b"Isi.\n")]);
    assert_eq!(boss.submit_body(upload, &kind, body).await?.status, StatusCode::UNPROCESSABLE_ENTITY);
    let large = vec![b'a'; (32 << 20) + 1];
    let (kind, body) = multipart("", &[("besar.txt", &large), ("kecil.txt", b"Isi.\n")]);
    let reply = boss.submit_body(upload, &kind, body).await?;
    assert!(reply.text.contains("Terlalu besar"), "{}", reply.text);
    assert!(on_disk(&api, "documents/kecil.txt").is_ok() && on_disk(&api, "documents/besar.txt").is_err());
    assert_eq!(
        boss.submit_body(upload, &kind, b"bukan".to_vec()).await?.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    Ok(())
}

#[tokio::test]
async fn a_question_without_an_answer_becomes_an_approved_one() -> anyhow::Result<()> {
    let api = furnished()?;
    for text in
        ["mau tanya ada parkir sepeda?", "mau tanya parkir sepeda ada?", "mau tanya kantin <b>buka</b>?"]
    {
        api.ward.ask(ANI, text, None).await?;
    }
    let mut agent = Browser::signed_in(&api, "sari").await?;
    let page = agent.open("/knowledge/gaps").await?;
    assert!(page.text.contains("2 pertanyaan") && !page.text.contains("<b>buka"), "{}", page.text);
    let mut viewer = Browser::signed_in(&api, "tono").await?;
    assert!(
        !viewer.open("/knowledge/gaps").await?.text.contains("/knowledge/gaps/ignore"),
        "a viewer only reads"
    );

    let make = page.text.split("href=\"/knowledge/approved/new?").find(|part| part.contains("%2C"));
    let make = make.or_else(|| page.text.split("href=\"/knowledge/approved/new?").nth(1)).unwrap_or_default();
    let make = make.split('"').next().unwrap_or_default().replace("&amp;", "&");
    let form = agent.open(&format!("/knowledge/approved/new?{make}")).await?;
    assert_eq!(form.status, StatusCode::OK);
    assert!(
        form.text.contains("mau tanya ada parkir sepeda?")
            && form.text.contains("mau tanya parkir sepeda ada?")
    );
    let gaps = hidden(&form, "gaps");
    let sent = |questions: &'static str, answer: &'static str| {
        vec![
            ("id", ""),
            ("file", ""),
            ("revision", ""),
            ("questions", questions),
            ("answer", answer),
            ("reviewer", "Ani"),
            ("valid_from", "2026-01-01"),
        ]
    };
    for (questions, answer) in [("", "Ada."), ("Ada parkir sepeda?", "  ")] {
        let reply = agent.submit("/knowledge/approved/save", &sent(questions, answer)).await?;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let mut filled =
        sent("Ada parkir sepeda?\r\nParkir sepeda di mana?", "Ada, *di samping* \"lobi\".\r\nGratis.");
    filled.push(("gaps", gaps.as_str()));
    let saved = agent.submit("/knowledge/approved/save", &filled).await?;
    assert_eq!(saved.status, StatusCode::SEE_OTHER, "{}", saved.text);
    let file = on_disk(&api, "approved/dari-dasbor.toml")?;
    assert!(file.contains("id = \"ada-parkir-sepeda\"") && file.contains("Gratis."), "{file}");
    let left = agent.open("/knowledge/gaps").await?.text;
    assert!(!left.contains("sepeda") && left.contains("kantin"), "answered questions are gaps no more");
    let ignored = left.split("name=\"messages\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    agent.submit("/knowledge/gaps/ignore", &[("messages", ignored.unwrap_or_default())]).await?;
    assert!(!agent.open("/knowledge/gaps").await?.text.contains("kantin"));

    let edit = "/knowledge/approved/edit?id=alamat";
    let revision = hidden(&agent.open(edit).await?, "revision");
    let changed = [
        ("id", "alamat"),
        ("file", "approved/umum.toml"),
        ("revision", &revision),
        ("questions", "Alamatnya di mana?"),
        ("answer", "Jl. Bumi Sehat 1."),
        ("reviewer", "Ani"),
    ];
    assert_eq!(agent.submit("/knowledge/approved/save", &changed).await?.status, StatusCode::SEE_OTHER);
    let file = on_disk(&api, "approved/umum.toml")?;
    assert!(file.starts_with("# Umum\n") && file.contains("id = \"alamat\" # tetap"), "{file}");
    let stale = agent.submit("/knowledge/approved/save", &changed).await?;
    assert_eq!(stale.status, StatusCode::UNPROCESSABLE_ENTITY, "seen before it was changed");
    let delete = [("id", "alamat"), ("revision", &hidden(&agent.open(edit).await?, "revision"))];
    assert_eq!(agent.submit("/knowledge/approved/delete", &delete).await?.status, StatusCode::SEE_OTHER);
    let file = on_disk(&api, "approved/umum.toml")?;
    assert!(file.contains("# Umum") && !file.contains("alamat"), "{file}");
    assert!(agent.open("/knowledge/approved").await?.status == StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn replies_and_red_flags_are_changed_without_losing_their_comments() -> anyhow::Result<()> {
    let api = furnished()?;
    let mut boss = Browser::signed_in(&api, "ayu").await?;
    let page = boss.open("/knowledge/replies").await?;
    let card = page.text.split("id=\"reply-thanks\"").nth(1).unwrap_or_default();
    let revision = card.split("name=\"revision\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
    let revision = revision.unwrap_or_default();
    let with = |id: &'static str, en: &'static str, revision: String| {
        [
            ("key".to_owned(), "thanks".to_owned()),
            ("id".into(), id.into()),
            ("en".into(), en.into()),
            ("revision".into(), revision),
        ]
    };
    let mut send = async |fields: [(String, String); 4]| {
        let fields: Vec<(&str, &str)> =
            fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        boss.submit("/knowledge/replies", &fields).await
    };
    let empty = send(with("Kembali kasih, tulisan saya.", " ", revision.to_owned())).await?;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text.contains("Kembali kasih, tulisan saya."));
    let before = on_disk(&api, "replies/id.toml")?;
    assert!(!before.contains("Kembali kasih"));
    let saved = send(with("Kembali kasih,\r\nsemoga sehat.", "You're welcome.", revision.to_owned())).await?;
    assert_eq!(saved.status, StatusCode::SEE_OTHER);
    let after = on_disk(&api, "replies/id.toml")?;
    assert!(after.contains("thanks = \"\"\"\nKembali kasih,\nsemoga sehat.\"\"\""), "{after}");
    assert_eq!(after.matches('#').count(), before.matches('#').count(), "comments stay");
    assert!(on_disk(&api, "replies/en.toml")?.contains("You're welcome."));
    let stale = send(with("Lain.", "Other.", revision.to_owned())).await?;
    assert!(stale.status == StatusCode::UNPROCESSABLE_ENTITY && stale.text.contains("semoga sehat"));

    let path = "triage/racun-gigitan.toml";
    let edit = "/knowledge/red-flags/edit?path=triage%2Fracun-gigitan.toml";
    let revision = hidden(&boss.open(edit).await?, "revision");
    let before = on_disk(&api, path)?;
    let broken = format!("{before}\nini bukan toml, tulisan saya");
    let missing = format!(
        "{before}\n[[rule]]\nid = \"uji-coba\"\nname = \"Uji\"\nkind = \"medical\"\nall = [[\"zzxyq\"]]\nexamples = [\"kalimat tanpa kata itu sama sekali\"]\n"
    );
    let fixed = format!("{before}\n# catatan baru\n");
    for (text, anyway, told) in [(&broken, "true", "tulisan saya"), (&missing, "false", "uji-coba")] {
        let sent = [("path", path), ("revision", revision.as_str()), ("text", text), ("anyway", anyway)];
        let reply = boss.submit("/knowledge/red-flags/save", &sent).await?;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "{told}");
        assert!(reply.text.contains(told) && on_disk(&api, path)? == before);
    }
    let sent = [("path", path), ("revision", revision.as_str()), ("text", fixed.as_str())];
    assert_eq!(boss.submit("/knowledge/red-flags/save", &sent).await?.status, StatusCode::SEE_OTHER);
    assert_eq!(on_disk(&api, path)?, fixed);
    assert!(boss.open("/knowledge/red-flags").await?.text.contains("Keracunan"));
    Ok(())
}

#[tokio::test]
async fn the_playground_touches_no_conversation() -> anyhow::Result<()> {
    let api = furnished()?;
    let mut agent = Browser::signed_in(&api, "sari").await?;
    let reply = agent.submit("/knowledge/playground", &[("question", "jam besuk <i>melati</i>?")]).await?;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(
        reply.text.contains("data-outcome=\"answered\"") && !reply.text.contains("<i>"),
        "{}",
        reply.text
    );
    for wrong in ["", "  ", &"a".repeat(5000)] {
        let reply = agent.submit("/knowledge/playground", &[("question", wrong)]).await?;
        assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    for table in ["messages", "conversations", "flags"] {
        let sql = match table {
            "messages" => "SELECT count(*) FROM messages",
            "flags" => "SELECT count(*) FROM flags",
            _ => "SELECT count(*) FROM conversations",
        };
        assert_eq!(api.ward.count(sql).await?, 0, "{table}");
    }
    Ok(())
}
