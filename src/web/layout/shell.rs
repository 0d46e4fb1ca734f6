//! The shell around every page: head, navigation, the place for what happens.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

use super::{BUTTON_QUIET, Icon, icon};
use crate::{
    domain::Language,
    store::staff::Role,
    web::{WebState, assets, pages::Reader},
};

/// Scripts and styles are our own files; nothing may be written into a page, and no page into a frame.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     media-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// htmx evaluates nothing and writes no styles into the page: the policy forbids both.
const HTMX: &str = r#"{"allowEval":false,"includeIndicatorStyles":false,"historyCacheSize":0,"scrollIntoViewOnBoost":false,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},{"code":"422","swap":true},{"code":"...","swap":false,"error":true}]}"#;

/// Where a page stands in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Home,
    Conversations,
    Knowledge,
    Whatsapp,
    Settings,
}

impl Section {
    /// In their order; the place of the analytics pages is behind the knowledge.
    const ALL: [Self; 5] = [Self::Home, Self::Conversations, Self::Knowledge, Self::Whatsapp, Self::Settings];

    fn shown(self) -> (&'static str, &'static str, Icon) {
        match self {
            Self::Home => ("/", "nav-home", Icon::Home),
            Self::Conversations => ("/conversations", "nav-conversations", Icon::Conversations),
            Self::Knowledge => ("/knowledge", "nav-knowledge", Icon::Knowledge),
            Self::Whatsapp => ("/whatsapp", "nav-whatsapp", Icon::Phone),
            Self::Settings => ("/settings", "nav-settings", Icon::Settings),
        }
    }
}

/// What the shell has to know of a page.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page<'a> {
    title: &'a str,
    section: Option<Section>,
    /// Whether the page takes the whole height and scrolls in its parts.
    is_filled: bool,
    /// A script that it loads beside the one of every page.
    script: Option<&'static str>,
}

impl<'a> Page<'a> {
    /// A page in the navigation.
    pub(crate) fn of(section: Section, title: &'a str) -> Self {
        Self { title, section: Some(section), is_filled: false, script: None }
    }

    /// A page outside of it.
    pub(crate) fn plain(title: &'a str) -> Self {
        Self { title, section: None, is_filled: false, script: None }
    }

    /// A page that takes the whole height and scrolls in its parts.
    pub(crate) fn filled(self) -> Self {
        Self { is_filled: true, ..self }
    }

    /// A page that loads another script, by its plain name.
    pub(crate) fn with_script(self, name: &'static str) -> Self {
        Self { script: Some(name), ..self }
    }
}

/// A page or a fragment of one, with the policy that keeps scripts out of it.
pub(crate) struct Html(pub(crate) Markup);

impl IntoResponse for Html {
    fn into_response(self) -> Response {
        // Which page a form was on is told to ourselves alone.
        let referrer = HeaderValue::from_static("same-origin");
        ([(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, referrer)], self.0)
            .into_response()
    }
}

/// A whole page.
pub(crate) fn page(state: &WebState, reader: &Reader, page: &Page<'_>, body: &Markup) -> Html {
    let is_in = reader.account.is_some() && page.section.is_some();
    // The navigation stays where it is while the page scrolls beside or above it.
    let height = if is_in { "h-dvh" } else { "min-h-dvh" };
    let scrolls = if page.is_filled { "" } else { "overflow-y-auto" };
    Html(html! {
        (DOCTYPE)
        html lang=(reader.language.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1, interactive-widget=resizes-content";
                meta name="color-scheme" content="light dark";
                meta name="htmx-config" content=(HTMX);
                title { (page.title) " · " (reader.t("app-name")) }
                link rel="icon" type="image/svg+xml" href=(assets::address("icon.svg"));
                link rel="stylesheet" href=(assets::address("app.css"));
                script type="module" src=(assets::address("app.js")) {}
                @if let Some(script) = page.script { script type="module" src=(assets::address(script)) {} }
            }
            body class={ "bg-canvas font-sans text-ink antialiased " (height) " flex flex-col md:flex-row" }
                hx-ext="morph" data-live[is_in] {
                a href="#main" class="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded-lg \
                    focus:bg-surface focus:p-3" { (reader.t("skip-to-content")) }
                @if is_in { (navigation(state, reader, page.section)) }
                main id="main" tabindex="-1" class={ "flex min-h-0 min-w-0 grow flex-col outline-none " (scrolls) } {
                    p #offline hidden role="status"
                        class="bg-wait-soft px-4 py-2 text-center font-medium text-wait-ink" {
                        (reader.t("offline"))
                    }
                    (body)
                }
                div #toasts role="status" aria-live="polite"
                    class="pointer-events-none fixed inset-x-0 bottom-20 z-40 flex flex-col items-center gap-2 px-4 md:bottom-6" {}
                template #toast {
                    p class="pointer-events-auto rounded-lg bg-ink px-4 py-3 text-canvas shadow-card" {}
                }
                @if is_in { (keys(reader)) (words(reader)) }
            }
        }
    })
}

/// A button among the links of the navigation.
const NAV_BUTTON: &str = "flex min-h-11 w-full cursor-pointer items-center gap-3 rounded-lg px-3 text-left text-ink hover:bg-raised";

fn navigation(state: &WebState, reader: &Reader, at: Option<Section>) -> Markup {
    html! {
        nav aria-label=(reader.t("nav-label"))
            class="order-last flex shrink-0 border-t border-line bg-surface md:order-none md:w-60 md:flex-col \
                md:border-t-0 md:border-r md:p-3" {
            p class="hidden px-3 py-2 md:block" {
                span class="block text-lg font-semibold text-accent-ink" { (reader.t("app-name")) }
                span class="block text-sm text-ink-soft" { (state.hospital) }
            }
            ul class="flex grow justify-around md:mt-3 md:flex-col md:justify-start md:gap-1" {
                @for section in Section::ALL {
                    @let (address, key, shows) = section.shown();
                    @let is_here = at == Some(section);
                    li class="min-w-0 grow basis-0 md:grow-0 md:basis-auto" {
                        a href=(address) aria-current=[is_here.then_some("page")]
                            class={ "relative flex min-h-14 flex-col items-center justify-center gap-0.5 rounded-lg text-[0.6875rem] tracking-tight md:tracking-normal \
                                md:min-h-11 md:flex-row md:justify-start md:gap-3 md:px-3 md:text-base "
                                (if is_here { "bg-accent-soft text-accent-ink md:font-semibold" }
                                 else { "text-ink hover:bg-raised" }) } {
                            span class="text-xl md:text-lg" { (icon(shows)) }
                            (reader.t(key))
                            @if section == Section::Conversations { span #alerts hx-get="/alerts" hx-trigger="load" hx-swap="morph" {} }
                        }
                    }
                }
            }
            @if let Some(account) = &reader.account {
                div class="hidden border-t border-line pt-3 md:block" {
                    p class="px-3 font-medium break-words" { (account.name) }
                    p class="px-3 pb-2 text-sm text-ink-soft" { (role_name(reader, account.role)) }
                    button type="button" #sound-switch aria-pressed="true" class={ (NAV_BUTTON) " group not-in-data-live:hidden" } {
                        (icon(Icon::Bell))
                        span class="hidden group-aria-pressed:inline" { (reader.t("sound-on")) }
                        span class="group-aria-pressed:hidden" { (reader.t("sound-off")) }
                    }
                    button type="button" #keys-open class={ (NAV_BUTTON) " not-in-data-live:hidden" } {
                        (icon(Icon::Keyboard)) (reader.t("keys-heading"))
                    }
                    (language_switch(reader))
                    form method="post" action="/sign-out" class="mt-2" {
                        button class={ (BUTTON_QUIET) " w-full" } { (icon(Icon::Leave)) (reader.t("sign-out")) }
                    }
                }
            }
        }
    }
}

/// A role in plain words.
pub(crate) fn role_name(reader: &Reader, role: Role) -> String {
    reader.t(match role {
        Role::Administrator => "role-administrator",
        Role::Agent => "role-agent",
        Role::Viewer => "role-viewer",
    })
}

/// Switches to the other language.
pub(crate) fn language_switch(reader: &Reader) -> Markup {
    let other = match reader.language {
        Language::Id => Language::En,
        Language::En => Language::Id,
    };
    html! {
        form method="post" action="/language" {
            button name="language" value=(other.code()) lang=(other.code())
                class={ (NAV_BUTTON) " underline underline-offset-4" } {
                (reader.t("language-switch"))
            }
        }
    }
}

/// Which keys do what; `?` shows it.
fn keys(reader: &Reader) -> Markup {
    html! {
        dialog #keys aria-labelledby="keys-heading" class="m-auto w-full max-w-md rounded-xl border border-line bg-surface p-5 text-ink shadow-card" {
            h2 #keys-heading class="text-lg font-semibold" { (reader.t("keys-heading")) }
            dl class="mt-3 grid grid-cols-[auto_1fr] gap-x-4 gap-y-2" {
                @for (keys, does) in [
                    ("j  k", "keys-walk"), ("Enter", "keys-open"), ("/", "keys-search"), ("/", "keys-canned"),
                    ("Ctrl + Enter", "keys-send"), ("Esc", "keys-leave"), ("?", "keys-help"),
                ] {
                    dt { @for key in keys.split("  ") { kbd class="mr-1 rounded border border-line bg-raised px-2 py-0.5 font-mono text-sm" { (key) } } }
                    dd { (reader.t(does)) }
                }
            }
            form method="dialog" class="mt-4" { button class=(BUTTON_QUIET) { (reader.t("close")) } }
        }
    }
}

/// What scripts say, in the reader's language.
fn words(reader: &Reader) -> Markup {
    html! {
        dl #words hidden {
            @for key in ["toast-failed", "toast-back", "alert-emergency", "alert-waiting"] {
                dt { (key) }
                dd data-word=(key) { (reader.t(key)) }
            }
        }
    }
}
