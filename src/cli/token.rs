//! `satubumi token`: bearer tokens for the API.

use std::io::Write;

use anyhow::{Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use satubumi::store::{
    Store,
    tokens::{self, MAX_NAME_CHARS, Scope, Secret, TokenHash},
};

/// Make, list and revoke tokens for the API.
#[derive(Debug, Args)]
pub struct TokenArgs {
    #[command(subcommand)]
    verb: TokenVerb,
}

#[derive(Debug, Subcommand)]
enum TokenVerb {
    /// Make a token and print it, alone and only this once
    Add {
        /// What it is for, for example whatsapp-bridge
        name: String,
        /// What it may do; give it several times for several
        #[arg(long = "scope", value_enum, default_values = ["ask", "admin"])]
        scopes: Vec<ScopeArg>,
    },
    /// List tokens, the revoked ones too
    List,
    /// Revoke a token; it fails from the next request on
    Revoke {
        /// Its name
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ScopeArg {
    /// Put patients' questions: POST /ask
    Ask,
    /// Read conversations, write to patients, switch the bot: /admin/…
    Admin,
    /// Read the counters: GET /metrics
    Metrics,
    /// Pair the hospital's number with a phone: /whatsapp/qr, pair-code, logout
    Whatsapp,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Ask => Self::Ask,
            ScopeArg::Admin => Self::Admin,
            ScopeArg::Metrics => Self::Metrics,
            ScopeArg::Whatsapp => Self::Whatsapp,
        }
    }
}

/// Does what was asked; results go to `out`, notes to `notes`.
///
/// # Errors
/// A name that is taken, unknown or not valid, or the database.
pub fn run(args: TokenArgs, store: &Store, out: &mut dyn Write, notes: &mut dyn Write) -> Result<()> {
    let now = Timestamp::now();
    match args.verb {
        TokenVerb::Add { name, scopes } => {
            if !tokens::is_name(&name) {
                bail!("a token's name has 1 to {MAX_NAME_CHARS} characters and no spaces");
            }
            let mut scopes: Vec<Scope> = scopes.into_iter().map(Scope::from).collect();
            scopes.sort_by_key(|scope| scope.as_str());
            scopes.dedup();
            let secret = Secret::generate()?;
            let hash = TokenHash::of(secret.reveal());
            if !store.write_blocking(|tx| tokens::add(tx, &name, hash, &scopes, now))? {
                bail!("there is a token named {name}; revoke it first, or take another name");
            }
            writeln!(out, "{}", secret.reveal())?;
            writeln!(
                notes,
                "Token {name} may: {}. Keep it now: it is stored as a hash only and can't be shown again.",
                words(&scopes)
            )?;
        }
        TokenVerb::List => {
            let all = store.read_blocking(tokens::list)?;
            for token in &all {
                let state = match token.revoked_at {
                    Some(at) => format!("revoked {at:.0}"),
                    None => "live".to_owned(),
                };
                let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("used {at:.0}"));
                let (name, made) = (&token.name, token.created_at);
                writeln!(out, "{name}\t{}\t{state}\tmade {made:.0}\t{used}", words(&token.scopes))?;
            }
            if all.is_empty() {
                writeln!(notes, "There is no token yet: satubumi token add NAME")?;
            }
        }
        TokenVerb::Revoke { name } => {
            if !store.write_blocking(|tx| tokens::revoke(tx, &name, now))? {
                bail!("there is no live token named {name}; `satubumi token list` shows them");
            }
            writeln!(notes, "Token {name} is revoked.")?;
        }
    }
    Ok(())
}

fn words(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_printed_alone_and_works_until_it_is_revoked() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        let (mut out, mut notes) = (Vec::new(), Vec::new());
        let mut run = |verb, out: &mut Vec<u8>| run(TokenArgs { verb }, &store, out, &mut notes);
        let add = || TokenVerb::Add { name: "bridge".into(), scopes: vec![ScopeArg::Ask, ScopeArg::Ask] };
        run(add(), &mut out)?;
        let printed = String::from_utf8(out)?;
        let token = printed.strip_suffix('\n').unwrap_or_default().to_owned();
        assert!(token.starts_with("sbm_") && token.len() == 47 && !token.contains(char::is_whitespace));

        assert!(run(add(), &mut Vec::new()).is_err(), "a name is given once");
        let find = || store.read_blocking(|tx| tokens::find(tx, TokenHash::of(&token)));
        assert_eq!(find()?.map(|found| found.scopes), Some(vec![Scope::Ask]));
        run(TokenVerb::Revoke { name: "bridge".into() }, &mut Vec::new())?;
        assert!(find()?.is_none());
        assert!(run(TokenVerb::Revoke { name: "bridge".into() }, &mut Vec::new()).is_err());

        run(add(), &mut Vec::new())?;
        let mut listed = Vec::new();
        run(TokenVerb::List, &mut listed)?;
        let listed = String::from_utf8(listed)?;
        assert_eq!(listed.lines().count(), 2);
        assert!(listed.contains("revoked") && listed.contains("live") && !listed.contains(&token));
        for name in ["", "a b", "a\n"] {
            assert!(run(TokenVerb::Add { name: name.into(), scopes: vec![] }, &mut Vec::new()).is_err());
        }
        Ok(())
    }
}
