//! What happened, for whoever listens (the dashboard, the dispatcher). Carries ids, never text.

use super::{ConversationId, Delivery, Flag, Handling, MessageId};

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
    /// A message on its way to a patient has come further, or was given up.
    DeliveryChanged {
        /// The thread.
        conversation: ConversationId,
        /// The row.
        message: MessageId,
        /// How far all its parts have come.
        delivery: Delivery,
    },
    /// A message was edited or taken back, or its file has come.
    MessageChanged {
        /// The thread.
        conversation: ConversationId,
        /// The row.
        message: MessageId,
    },
    /// Something that only staff see has changed: how much nobody has answered, what waits, a note.
    DeskChanged {
        /// The thread.
        conversation: ConversationId,
    },
    /// Staff should look.
    Flagged {
        /// The thread.
        conversation: ConversationId,
        /// Why.
        flag: Flag,
    },
}
