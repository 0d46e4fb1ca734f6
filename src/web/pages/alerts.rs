//! `/alerts`: how many patients need staff, as the navigation of every page shows it.

use maud::{Markup, html};

use super::{PageError, Reader, Visit};
use crate::{store::conversations::Counts, web::layout::Html};

/// `GET /alerts`.
pub(crate) async fn alone(visit: Visit) -> Result<Html, PageError> {
    let counts = visit.state.chat.desk_counts(visit.account.id).await?;
    Ok(Html(badge(&visit.reader, counts)))
}

/// The number beside the conversations' link; scripts ring when one of its counts has grown.
fn badge(reader: &Reader, counts: Counts) -> Markup {
    let count = counts.waiting.max(counts.emergency);
    let colours = if counts.emergency > 0 { "bg-alarm text-on-alarm" } else { "bg-wait-soft text-wait-ink" };
    html! {
        span #alerts data-refresh="/alerts" data-emergencies=(counts.emergency) data-waiting=(counts.waiting)
            data-unanswered=(counts.unanswered)
            class={ "rounded-full px-2 text-sm font-semibold tabular-nums empty:hidden max-md:absolute max-md:top-1 \
                max-md:left-1/2 max-md:ml-2 md:ml-auto " (colours) } {
            @if count > 0 { (count) span class="sr-only" { " " (reader.t("alerts-waiting")) } }
        }
    }
}
