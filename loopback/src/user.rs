//! Who can be written to: a number, a name, and the LID that goes with the number.

use whatsapp_rust::{Jid, wacore_binary::Server as Domain};

/// A user of the server.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// Digits only.
    pub(crate) phone: String,
    pub(crate) name: String,
    lid: String,
}

/// How a user is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// By number: `…@s.whatsapp.net`.
    Pn,
    /// By LID: `…@lid`.
    Lid,
}

impl Addressing {
    /// How a JID addresses its user.
    pub(crate) fn of(jid: &Jid) -> Self {
        if jid.server == Domain::Lid { Self::Lid } else { Self::Pn }
    }
}

impl User {
    pub(crate) fn new(phone: &str, name: &str) -> Self {
        let phone: String = phone.chars().filter(char::is_ascii_digit).collect();
        let lid = lid_of(&phone);
        Self { phone, name: name.to_owned(), lid }
    }

    pub(crate) fn lid_user(&self) -> &str {
        &self.lid
    }

    pub(crate) fn pn(&self, device: u16) -> Jid {
        Jid::pn_device(self.phone.as_str(), device)
    }

    pub(crate) fn lid(&self, device: u16) -> Jid {
        Jid::lid_device(self.lid.as_str(), device)
    }

    pub(crate) fn jid(&self, addressing: Addressing, device: u16) -> Jid {
        match addressing {
            Addressing::Pn => self.pn(device),
            Addressing::Lid => self.lid(device),
        }
    }
}

/// A LID for a number: fifteen digits that don't show the number, the same in every run (FNV-1a).
fn lid_of(phone: &str) -> String {
    const DIGITS: u64 = 100_000_000_000_000;
    let hash = phone
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    (DIGITS + hash % (9 * DIGITS)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_its_lid() {
        let user = User::new("+62 812-0000-0001", "Sari");
        assert_eq!(user.phone, "6281200000001");
        assert_eq!(user.lid(0), User::new("6281200000001", "").lid(0));
        assert_eq!(user.lid_user().len(), 15);
        assert_ne!(user.lid_user(), User::new("6281200000002", "").lid_user());
    }
}
