//! Patients who call instead of writing. Nobody can answer: there is nothing to hear.

use whatsapp_rust::{NodeBuilder, wacore_binary::Node};

use crate::{
    connection::Session,
    dispatch::see,
    error::Result,
    patient::{Patient, PatientEvent},
    seen::Seen,
    server::{Hub, Party},
    stanza,
};

/// Calls.
impl Patient {
    /// Calls the account. Gives the call's id.
    ///
    /// # Errors
    /// [`Error::NoAccount`](crate::Error::NoAccount).
    pub fn ring(&self) -> Result<String> {
        let id = stanza::message_id();
        let audio = NodeBuilder::new("audio").attr("enc", "opus").attr("rate", "16000").build();
        self.signal(&id, NodeBuilder::new("offer").children([audio]))?;
        Ok(id)
    }

    /// Gives a call up.
    ///
    /// # Errors
    /// [`Error::NoAccount`](crate::Error::NoAccount).
    pub fn hang_up(&self, call: &str) -> Result<()> {
        self.signal(call, NodeBuilder::new("terminate").attr("reason", "timeout"))
    }

    fn signal(&self, call: &str, action: NodeBuilder) -> Result<()> {
        let caller = self.state.user.jid(self.usual_addressing()?, 0);
        let action = action.attr("call-id", call).attr("call-creator", &caller).build();
        let stanza = NodeBuilder::new("call")
            .attr("from", caller)
            .attr("id", stanza::message_id())
            .attr("t", stanza::now())
            .attr("notify", self.state.user.name.as_str())
            .children([action])
            .build();
        let account = self.account()?;
        self.server.hub().with_account(&account, |account| account.deliver_to_all(&stanza));
        Ok(())
    }
}

/// A linked device says something about a call; that it rejects one is all that is of interest.
pub(crate) fn from_device(hub: &Hub, session: &Session, call: &Node) {
    let Some(to) = stanza::jid(call, "to") else { return };
    let Some(rejected) = call.get_optional_child("reject") else { return };
    let id = stanza::text(rejected, "call-id").unwrap_or_default().into_owned();
    see(hub, session, Seen::CallRejected { id: id.clone(), to: to.clone() });
    if let Some(Party::Patient(patient)) = hub.party(&to) {
        patient.shows(PatientEvent::CallRejected { id });
    }
}
