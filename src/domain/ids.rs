//! Row identities. Newtypes, so that a message's number can't be passed where a conversation's is meant.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// One patient's thread with the hospital.
    ConversationId
);
id!(
    /// One row of the chat log, whoever wrote it.
    MessageId
);
id!(
    /// One indexed document (a file of the knowledge folder).
    DocumentId
);
id!(
    /// One chunk of a document; new at each re-indexing of its document.
    PassageId
);
id!(
    /// One label that staff put on conversations.
    LabelId
);
id!(
    /// One member of staff with an account.
    StaffId
);
