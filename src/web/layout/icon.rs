//! Icons: lines on a square of 24, in the colour of the text around them. They stand beside words, never for them alone.

use maud::{Markup, html};

/// What an icon shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Home,
    Conversations,
    Phone,
    Settings,
    Search,
    Back,
    Down,
    Bot,
    Person,
    Alarm,
    Clock,
    Check,
    CheckTwice,
    Cross,
    Send,
    Note,
    Label,
    Leave,
    File,
    Eye,
    Bell,
    Keyboard,
    Knowledge,
    Upload,
}

impl Icon {
    /// The lines, as an SVG path.
    fn path(self) -> &'static str {
        match self {
            Self::Home => "M4 11 12 4l8 7M6 10v9h4v-5h4v5h4v-9",
            Self::Conversations => "M4 5h16v11H9l-5 4zM8 9h8M8 12.5h5",
            Self::Phone => "M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1ZM11 18h2",
            Self::Settings => "M4 7h9M17 7h3M4 17h3M11 17h9M13 5v4M17 5v4h-4V5zM7 15v4h4v-4z",
            Self::Search => "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13ZM15.5 15.5 20 20",
            Self::Back => "M19 12H5M11 6l-6 6 6 6",
            Self::Down => "M12 5v14M6 13l6 6 6-6",
            Self::Bot => "M6 9h12v9H6zM12 9V5M9.5 13v1.5M14.5 13v1.5M3.5 12v3M20.5 12v3",
            Self::Person => "M12 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM5 20c.6-4 3.2-6 7-6s6.4 2 7 6",
            Self::Alarm => "M12 4 21.5 20h-19zM12 10v4M12 17v.5",
            Self::Clock => "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16ZM12 8v4l3 2",
            Self::Check => "M5 13l4 4L19 7",
            Self::CheckTwice => "M2 13l4 4L16 7M11 16l1 1L22 7",
            Self::Cross => "M6 6l12 12M18 6 6 18",
            Self::Send => "M4 12 20 4l-5 16-3.5-6.5zM11.5 13.5 20 4",
            Self::Note => "M6 4h12v10l-5 6H6zM13 20v-6h5",
            Self::Label => "M4 4h8l8 8-8 8-8-8zM8.5 8.5v.01",
            Self::Leave => "M14 4H6v16h8M10 12h10M16 8l4 4-4 4",
            Self::Eye => {
                "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z"
            }
            Self::Bell => "M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15zM10 20.5h4",
            Self::Knowledge => {
                "M12 6.5C10 5 7 4.5 4 5v13.5c3-.5 6 0 8 1.5 2-1.5 5-2 8-1.5V5c-3-.5-6 0-8 1.5ZM12 6.5V20"
            }
            Self::Upload => "M12 16V5M7 10l5-5 5 5M5 19h14",
            Self::Keyboard => "M3 6h18v12H3zM7 10v.01M11 10v.01M15 10v.01M8 14h8",
            Self::File => "M7 3h7l4 4v14H7zM14 3v4h4",
        }
    }
}

/// Draws an icon, as large as the line it stands in; a screen reader leaves it out.
pub(crate) fn icon(icon: Icon) -> Markup {
    html! {
        svg class="inline-block size-[1.25em] shrink-0" viewBox="0 0 24 24" fill="none" stroke="currentColor"
            stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" {
            path d=(icon.path()) {}
        }
    }
}
