//! The parts that pages are made of.

use jiff::{Timestamp, civil::Date};
use maud::{Markup, html};

use super::{Icon, icon};
use crate::{domain::Language, web::pages::Reader};

/// A button that does what the page is for.
pub(crate) const BUTTON: &str = "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg \
    bg-accent px-4 font-medium text-on-accent hover:opacity-90 disabled:cursor-not-allowed disabled:opacity-60";
/// A button for everything else.
pub(crate) const BUTTON_QUIET: &str = "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 \
    rounded-lg border border-line bg-surface px-4 font-medium text-ink hover:bg-raised \
    disabled:cursor-not-allowed disabled:opacity-60";
/// A button for what can't be taken back.
pub(crate) const BUTTON_ALARM: &str = "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 \
    rounded-lg bg-alarm px-4 font-medium text-on-alarm hover:opacity-90";
/// A field to write in.
pub(crate) const FIELD: &str = "mt-1 block w-full min-h-11 rounded-lg border border-line bg-surface px-3 py-2 \
    text-ink placeholder:text-ink-soft aria-invalid:border-alarm";
/// The words above a field.
pub(crate) const LABEL: &str = "block font-medium";
/// A card.
pub(crate) const CARD: &str = "rounded-xl border border-line bg-surface p-5 shadow-card";

/// What a badge or a note wants to say by its colour, beside its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Info,
    Wait,
    Alarm,
}

impl Tone {
    fn colours(self) -> &'static str {
        match self {
            Self::Plain => "bg-raised text-ink",
            Self::Good => "bg-accent-soft text-accent-ink",
            Self::Info => "bg-info-soft text-info-ink",
            Self::Wait => "bg-wait-soft text-wait-ink",
            Self::Alarm => "bg-alarm-soft text-alarm-ink",
        }
    }
}

/// A word or two on a ground of its own.
pub(crate) fn badge(tone: Tone, shows: Option<Icon>, words: &str) -> Markup {
    html! {
        span class={ "inline-flex items-center gap-1 rounded-full px-2 py-0.5 text-sm font-medium whitespace-nowrap "
            (tone.colours()) } {
            @if let Some(shows) = shows { (icon(shows)) }
            (words)
        }
    }
}

/// A message to whoever reads the page; an alarm is read out at once.
pub(crate) fn note(tone: Tone, words: &str) -> Markup {
    let role = if tone == Tone::Alarm { "alert" } else { "status" };
    html! {
        p role=(role) class={ "rounded-lg px-4 py-3 " (tone.colours()) } { (words) }
    }
}

/// A card's heading, with what it is about below.
pub(crate) fn card_heading(words: &str, detail: Option<&str>) -> Markup {
    html! {
        h2 class="text-lg font-semibold" { (words) }
        @if let Some(detail) = detail { p class="mt-1 text-ink-soft" { (detail) } }
    }
}

/// Lines where words will be, while they are fetched: htmx shows it through `hx-indicator`.
pub(crate) fn skeleton(id: &str, place: &str) -> Markup {
    html! {
        div id=(id) aria-hidden="true" class={ "pointer-events-none hidden space-y-4 bg-canvas p-6 [&.htmx-request]:block " (place) } {
            @for width in ["w-1/3", "w-2/3", "w-1/2", "w-3/4", "w-2/5"] {
                div class={ "h-10 animate-skeleton rounded-lg bg-line " (width) } {}
            }
        }
    }
}

/// What stands where nothing is yet.
pub(crate) fn empty(shows: Icon, words: &str, detail: &str) -> Markup {
    html! {
        div class="flex flex-col items-center gap-2 px-6 py-12 text-center" {
            span class="text-3xl text-ink-soft" { (icon(shows)) }
            p class="font-medium" { (words) }
            p class="text-ink-soft" { (detail) }
        }
    }
}

/// The pages of a section: address, name, whether it is the one that is read.
pub(crate) fn tabs(label: &str, pages: impl Iterator<Item = (&'static str, String, bool)>) -> Markup {
    html! {
        nav data-tabs aria-label=(label) class="mt-4 flex overflow-x-auto border-b border-line" {
            @for (address, name, is_here) in pages {
                a href=(address) aria-current=[is_here.then_some("page")]
                    class="inline-flex min-h-11 items-center border-b-2 border-transparent px-3 whitespace-nowrap hover:bg-raised                         aria-[current]:border-accent aria-[current]:font-semibold aria-[current]:text-accent-ink" { (name) }
            }
        }
    }
}

/// What goes into a field.
pub(crate) fn field_hint(id: &str, words: &str) -> Markup {
    html! { p id=(id) class="mt-1 text-sm text-ink-soft" { (words) } }
}

/// A time as people say it, exact in its title: the hour today, the day before.
pub(crate) fn when(reader: &Reader, at: Timestamp) -> Markup {
    let (date, clock) = (reader.local(at).date(), clock(reader, at));
    let shown = match reader.local(reader.now).date().since(date).map_or(i32::MAX, |span| span.get_days()) {
        0 => clock.clone(),
        1 => reader.t("day-yesterday"),
        _ => day(reader, date),
    };
    html! { time datetime=(at.to_string()) title={ (whole_day(reader, date)) " " (clock) } { (shown) } }
}

/// A time with its day, exact.
pub(crate) fn exactly(reader: &Reader, at: Timestamp) -> Markup {
    let date = reader.local(at).date();
    html! { time datetime=(at.to_string()) { (whole_day(reader, date)) " " (clock(reader, at)) } }
}

/// A time of day as people write it.
pub(crate) fn clock(reader: &Reader, at: Timestamp) -> String {
    reader.local(at).strftime(if reader.language == Language::Id { "%H.%M" } else { "%H:%M" }).to_string()
}

/// A day as people say it; the year only where it is another.
pub(crate) fn day(reader: &Reader, date: Date) -> String {
    let is_this_year = reader.local(reader.now).year() == date.year();
    if is_this_year { format!("{} {}", date.day(), month(reader, date)) } else { whole_day(reader, date) }
}

/// A day with its year.
pub(crate) fn whole_day(reader: &Reader, date: Date) -> String {
    format!("{} {} {}", date.day(), month(reader, date), date.year())
}

fn month(reader: &Reader, date: Date) -> String {
    reader.t(MONTHS[usize::from(date.month().unsigned_abs()).clamp(1, 12) - 1])
}

const MONTHS: [&str; 12] = [
    "month-1", "month-2", "month-3", "month-4", "month-5", "month-6", "month-7", "month-8", "month-9",
    "month-10", "month-11", "month-12",
];
