//! What happened, for whoever listens (the dashboard, the dispatcher). Carries ids, never text.

use super::{ConversationId, Flag, Handling, MessageId};

/// Something that changed, told after its transaction is committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A patient's message is stored.
    MessageReceived {
        /// The thread.
        conversation: ConversationId,
        /// The row.
        message: MessageId,
    },
    /// A reply of the bot or of staff is stored.
    MessageSent {
        /// The thread.
        conversation: ConversationId,
        /// The row.
        message: MessageId,
    },
    /// Somebody else answers from now on.
    HandlingChanged {
        /// The thread.
        conversation: ConversationId,
        /// Who answers now.
        handling: Handling,
    },
    /// Staff should look.
    Flagged {
        /// The thread.
        conversation: ConversationId,
        /// Why.
        flag: Flag,
    },
}
