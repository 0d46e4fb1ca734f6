//! S1–S5, S11: who is signed in, what they may, how it ends.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use satubumi::{
    store::{
        audit,
        staff::{self, Role},
    },
    web::{Access, endpoints},
};

use crate::{
    chat_support::usual,
    support::{
        Api,
        browser::{Browser, PASSWORD, add_account},
    },
};

const ROLES: [(&str, Role); 3] =
    [("ayu", Role::Administrator), ("sari", Role::Agent), ("tono", Role::Viewer)];

fn staffed() -> anyhow::Result<Api> {
    let api = Api::open(usual)?;
    for (name, role) in ROLES {
        add_account(&api, name, role)?;
    }
    Ok(api)
}

fn concrete(path: &str) -> String {
    path.replace("{chat_id}", "1").replace("{message}", "1").replace("{id}", "1").replace("{name}", "app.css")
}

#[tokio::test]
async fn s01_every_page_asks_to_sign_in_and_takes_the_role_that_it_needs() -> anyhow::Result<()> {
    let api = staffed()?;
    let mut staff = Vec::new();
    for (name, role) in ROLES {
        staff.push((Browser::signed_in(&api, name).await?, role));
    }
    let mut pages = 0;
    for endpoint in endpoints() {
        let (Access::Staff(least) | Access::Either(_, least)) = endpoint.access else { continue };
        // It would end the sessions that the rest is asked with.
        if endpoint.path == "/sign-out" {
            continue;
        }
        pages += 1;
        let path = concrete(endpoint.path);
        let ask = async |browser: &mut Browser<'_>| match endpoint.method {
            Method::GET => browser.open(&path).await,
            _ => browser.submit(&path, &[]).await,
        };
        let nobody = ask(&mut Browser::new(&api)).await?;
        let made_up = ask(&mut Browser::with_cookie(&api, "satubumi=AAAAAAAAAAAAAAAAAAAAAA")).await?;
        for refused in [nobody, made_up] {
            let is_page = matches!(endpoint.access, Access::Staff(_));
            let expected = if is_page { StatusCode::SEE_OTHER } else { StatusCode::UNAUTHORIZED };
            assert_eq!(refused.status, expected, "{} {path}", endpoint.method);
            let place = refused.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
            assert!(!is_page || place.is_some_and(|place| place.starts_with("/sign-in")), "{path}");
        }
        for (browser, role) in &mut staff {
            let reply = ask(browser).await?;
            // These ask for the password again besides (S9).
            let is_guarded =
                ["/whatsapp/code", "/whatsapp/number", "/whatsapp/leave"].contains(&endpoint.path);
            let is_refused = reply.status == StatusCode::FORBIDDEN;
            assert_eq!(is_refused, *role < least || is_guarded, "{role:?}: {path}: {}", reply.status);
            assert!(reply.status != StatusCode::UNAUTHORIZED, "{role:?}: {path}");
        }
    }
    assert!(pages >= 30, "{pages}");
    Ok(())
}

#[tokio::test]
async fn s02_s05_what_changes_something_is_refused_unless_our_own_page_sends_it() -> anyhow::Result<()> {
    let api = staffed()?;
    let mut browser = Browser::signed_in(&api, "ayu").await?;
    let mut forms = 0;
    for endpoint in endpoints() {
        let is_form = endpoint.method == Method::POST && !matches!(endpoint.access, Access::Scoped(_));
        if !is_form || endpoint.path == "/socket.io/" {
            continue;
        }
        forms += 1;
        for origin in
            [Some("http://evil.example"), Some("null"), Some("http://satubumi.test.evil.example"), None]
        {
            let reply = browser.submit_from(origin, &concrete(endpoint.path), &[]).await?;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{} from {origin:?}", endpoint.path);
        }
    }
    assert!(forms >= 15, "{forms}");
    // A page of another site may not open a socket either, though a program may.
    let socket = async |origin: Option<&str>| {
        let mut request = Request::builder()
            .uri("/socket.io/?EIO=4&transport=polling")
            .header(header::HOST, "satubumi.test");
        request = request.header(header::COOKIE, browser.cookie().unwrap_or_default());
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        anyhow::Ok(api.send(request.body(Body::empty())?).await?.status)
    };
    assert_eq!(socket(Some("http://evil.example")).await?, StatusCode::FORBIDDEN);
    assert_eq!(socket(Some("http://satubumi.test")).await?, StatusCode::OK);
    assert_eq!(socket(None).await?, StatusCode::OK);
    Ok(())
}

#[tokio::test]
async fn s04_the_cookie_is_new_at_sign_in_and_no_script_reads_it() -> anyhow::Result<()> {
    let api = staffed()?;
    let mut planted = Browser::with_cookie(&api, "satubumi=AAAAAAAAAAAAAAAAAAAAAA");
    let reply = planted.sign_in("sari", PASSWORD).await?;
    let set = reply.headers[header::SET_COOKIE].to_str()?.to_owned();
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/"), "{set}");
    let value = planted.cookie().and_then(|pair| pair.split_once('=')).map(|(_, value)| value.to_owned());
    assert_eq!(value.as_ref().map(String::len), Some(22), "128 bits");
    assert!(value.as_deref() != Some("AAAAAAAAAAAAAAAAAAAAAA"));
    let again = Browser::signed_in(&api, "sari").await?;
    assert!(again.cookie() != planted.cookie());
    Ok(())
}

#[tokio::test]
async fn s03_signing_out_a_new_password_and_disabling_end_sessions() -> anyhow::Result<()> {
    let api = staffed()?;
    let mut one = Browser::signed_in(&api, "sari").await?;
    let mut two = Browser::signed_in(&api, "sari").await?;
    let old = one.cookie().unwrap_or_default().to_owned();
    assert_eq!(one.submit("/sign-out", &[]).await?.status, StatusCode::SEE_OTHER);
    for browser in [&mut one, &mut Browser::with_cookie(&api, &old)] {
        assert_eq!(browser.open("/").await?.status, StatusCode::SEE_OTHER, "signed out");
    }
    assert_eq!(two.open("/").await?.status, StatusCode::OK);

    let mut three = Browser::signed_in(&api, "sari").await?;
    let wrong = [("old", "salah"), ("new", "lima sapi hijau tidur")];
    assert_eq!(three.submit("/settings/password", &wrong).await?.status, StatusCode::UNPROCESSABLE_ENTITY);
    let right = [("old", PASSWORD), ("new", "lima sapi hijau tidur")];
    assert_eq!(three.submit("/settings/password", &right).await?.status, StatusCode::OK);
    assert_eq!(three.open("/").await?.status, StatusCode::OK, "whoever changed it stays");
    assert_eq!(two.open("/").await?.status, StatusCode::SEE_OTHER, "everybody else is out");
    assert_eq!(Browser::new(&api).sign_in("sari", PASSWORD).await?.status, StatusCode::UNPROCESSABLE_ENTITY);

    let mut boss = Browser::signed_in(&api, "ayu").await?;
    let id = |name: &'static str| {
        let found = api.ward.store.read_blocking(|tx| staff::find(tx, name));
        found.map(|found| found.map_or(0, |(account, _)| account.id.0))
    };
    let own = format!("/settings/accounts/{}/disable", id("ayu")?);
    assert_eq!(boss.submit(&own, &[]).await?.status, StatusCode::CONFLICT, "nobody shuts themselves out");
    let disable = format!("/settings/accounts/{}/disable", id("sari")?);
    assert_eq!(boss.submit(&disable, &[]).await?.status, StatusCode::SEE_OTHER);
    assert_eq!(three.open("/").await?.status, StatusCode::SEE_OTHER, "disabled");
    Ok(())
}

#[tokio::test]
async fn s11_a_guesser_waits_and_learns_nothing_from_the_answer() -> anyhow::Result<()> {
    let api = staffed()?;
    let mut guesser = Browser::new(&api);
    let known = guesser.sign_in("sari", "kata sandi yang salah").await?;
    let unknown = guesser.sign_in("tidak-ada", "kata sandi yang salah").await?;
    assert_eq!(
        (known.status, unknown.status),
        (StatusCode::UNPROCESSABLE_ENTITY, StatusCode::UNPROCESSABLE_ENTITY)
    );
    assert_eq!(known.text.replace("sari", "tidak-ada"), unknown.text);
    for _ in 0..4 {
        guesser.sign_in("sari", "kata sandi yang salah").await?;
    }
    let refused = guesser.sign_in("sari", PASSWORD).await?;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "even with the right password");
    assert!(refused.headers.get(header::RETRY_AFTER).is_some());
    assert_eq!(
        guesser.sign_in("tono", PASSWORD).await?.status,
        StatusCode::SEE_OTHER,
        "others are not held up"
    );
    Ok(())
}

#[tokio::test]
async fn the_first_administrator_is_made_once_by_the_link_of_the_start() -> anyhow::Result<()> {
    let api = Api::open(usual)?;
    let mut browser = Browser::new(&api);
    let page = format!("/setup?key={}", api.setup);
    assert_eq!(browser.open("/setup?key=salah").await?.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.open("/setup").await?.status, StatusCode::NOT_FOUND);
    assert_eq!(browser.open(&page).await?.status, StatusCode::OK);
    let with =
        |password: &'static str| [("key", api.setup.as_str()), ("name", "ayu"), ("password", password)];
    assert_eq!(browser.submit("/setup", &with("pendek")).await?.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.submit("/setup", &with(PASSWORD)).await?.status, StatusCode::SEE_OTHER);
    assert_eq!(browser.open("/settings/audit").await?.status, StatusCode::OK, "signed in as administrator");
    assert_eq!(browser.open(&page).await?.status, StatusCode::NOT_FOUND, "the link is used up");
    let mut other = Browser::new(&api);
    assert_eq!(other.submit("/setup", &with(PASSWORD)).await?.status, StatusCode::NOT_FOUND);
    Ok(())
}

#[tokio::test]
async fn a_second_factor_is_asked_for_and_its_code_counts_once() -> anyhow::Result<()> {
    let api = staffed()?;
    let mut browser = Browser::signed_in(&api, "sari").await?;
    let begun = browser.submit("/settings/second-factor/begin", &[]).await?;
    let key =
        begun.text.split("break-all\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_default();
    let code = |steps: i64| -> anyhow::Result<String> {
        let secret = totp_rs::Secret::try_from_base32(key).map_err(|_| anyhow::anyhow!("{key}"))?;
        let totp = totp_rs::Builder::new().with_secret(secret).with_account_name("sari").build()?;
        let now = jiff::Timestamp::now().as_second() + 30 * steps;
        Ok(totp.generate(now.unsigned_abs()).to_string())
    };
    let wrong = browser.submit("/settings/second-factor", &[("code", "000000")]).await?;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let first = code(-1)?;
    assert_eq!(browser.submit("/settings/second-factor", &[("code", &first)]).await?.status, StatusCode::OK);

    let mut other = Browser::new(&api);
    let reply = other.sign_in("sari", PASSWORD).await?;
    assert_eq!(reply.headers[header::LOCATION], "/sign-in/code");
    assert_eq!(other.open("/").await?.status, StatusCode::SEE_OTHER, "the password alone opens nothing");
    let reply = other.submit("/sign-in/code", &[("code", &first)]).await?;
    assert_eq!(reply.status, StatusCode::UNPROCESSABLE_ENTITY, "that code was taken");
    let reply = other.submit("/sign-in/code", &[("code", &code(0)?)]).await?;
    assert_eq!((reply.status, other.open("/").await?.status), (StatusCode::SEE_OTHER, StatusCode::OK));
    Ok(())
}

#[tokio::test]
async fn s14_what_staff_see_and_do_is_written_down_in_a_chain() -> anyhow::Result<()> {
    let api = staffed()?;
    api.post("/ask", &serde_json::json!({"sender": "6281234567890", "message": "jam besuk melati"})).await?;
    let mut browser = Browser::signed_in(&api, "sari").await?;
    for _ in 0..3 {
        assert_eq!(browser.open("/conversations/1").await?.status, StatusCode::OK);
    }
    browser.submit("/conversations/1/bot", &[("enabled", "false")]).await?;
    browser.submit("/conversations/1/notes", &[("text", "sudah ditelepon")]).await?;
    browser.submit("/conversations/1/send", &[("text", "Selamat pagi"), ("as", "staff")]).await?;
    browser.submit("/conversations/1/resolve", &[]).await?;
    let (entries, broken) =
        api.ward.store.read_blocking(|tx| Ok((audit::page(tx, None, 50)?, audit::verify(tx)?)))?;
    let mut told: Vec<_> =
        entries.iter().map(|entry| (entry.actor.as_str(), entry.action.as_str())).collect();
    told.reverse();
    let done =
        ["signed_in", "conversation_viewed", "bot_switched", "note_written", "message_sent", "resolved"];
    assert_eq!(told, done.map(|action| ("sari", action)));
    assert_eq!(broken, None);
    assert!(!format!("{entries:?}").contains("melati") && !format!("{entries:?}").contains("ditelepon"));
    Ok(())
}
