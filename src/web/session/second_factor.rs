//! The second factor: a code of six digits from the phone, new every 30 seconds (RFC 6238).

use rand::{TryRngCore, rngs::OsRng};
use totp_rs::{Builder, Totp};

use crate::store::{StoreError, staff::SecondFactor};

/// A new secret of 160 bits (RFC 4226, section 4).
pub(crate) fn new_secret() -> Result<Vec<u8>, StoreError> {
    let mut secret = [0_u8; 20];
    OsRng.try_fill_bytes(&mut secret).map_err(|_| StoreError::Randomness)?;
    Ok(secret.to_vec())
}

/// The time step of the right code; `None` when it is wrong, or was taken already.
pub(crate) fn check_code(factor: &SecondFactor, code: &str, seconds: u64) -> Result<Option<i64>, StoreError> {
    let code: String = code.chars().filter(|sign| !sign.is_whitespace()).collect();
    let step = totp(&factor.secret, "Satu Bumi", "staff")?.check(&code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()).filter(|&step| step > factor.step))
}

/// The address that a phone's app takes the secret from, usually as a QR code.
pub(crate) fn otpauth(secret: &[u8], hospital: &str, name: &str) -> Result<String, StoreError> {
    totp(secret, hospital, name)?.to_url().map_err(|_| unusable())
}

fn totp(secret: &[u8], issuer: &str, name: &str) -> Result<Totp, StoreError> {
    // A colon parts the two in the address.
    let (issuer, name) = (issuer.replace(':', " "), name.replace(':', " "));
    let builder =
        Builder::new().with_secret(secret.to_vec()).with_account_name(name).with_issuer(Some(issuer));
    builder.build().map_err(|_| unusable())
}

fn unusable() -> StoreError {
    StoreError::Unknown { what: "a second factor that gives no codes".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret of its SHA-1 examples, of whose eight digits these are the last six.
    const SECRET: &[u8] = b"12345678901234567890";

    #[test]
    fn the_standards_codes_are_right_and_count_once() -> anyhow::Result<()> {
        let factor = |step| SecondFactor { secret: SECRET.to_vec(), step };
        assert_eq!(check_code(&factor(0), "287082", 59)?, Some(1));
        assert_eq!(check_code(&factor(0), "081 804", 1_111_111_109)?, Some(37_037_036));
        assert_eq!(check_code(&factor(0), "287083", 59)?, None);
        assert_eq!(check_code(&factor(1), "287082", 59)?, None, "taken already");
        assert_eq!(check_code(&factor(0), "287082", 59 + 30)?, Some(1), "one step late");
        assert_eq!(check_code(&factor(0), "287082", 59 + 91)?, None);
        for code in ["", "28708", "2870820", "abcdef", "２８７０８２"] {
            assert_eq!(check_code(&factor(0), code, 59)?, None, "{code}");
        }
        assert!(otpauth(SECRET, "RS: Satu Bumi", "sari")?.starts_with("otpauth://totp/RS"));
        Ok(())
    }
}
