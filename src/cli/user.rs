//! `satubumi user`: staff accounts for the dashboard.

use std::io::{BufRead, Write};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use console::Term;
use jiff::Timestamp;
use satubumi::store::{
    Store,
    staff::{self, PasswordHash, Role},
    tokens::Secret,
};

/// Make, list and disable staff accounts.
#[derive(Debug, Args)]
pub struct UserArgs {
    #[command(subcommand)]
    verb: UserVerb,
}

#[derive(Debug, Subcommand)]
enum UserVerb {
    /// Make an account; the password is asked for on the terminal, twice, without showing it
    Add {
        /// The name to log in with
        name: String,
        /// What the account may do
        #[arg(long, value_enum)]
        role: RoleArg,
        /// Read the password from standard input, one line
        #[arg(long, conflicts_with = "generate")]
        password_stdin: bool,
        /// Make up a password and print it, alone and only this once
        #[arg(long)]
        generate: bool,
    },
    /// List accounts, the disabled ones too
    List,
    /// Disable an account; what it did keeps its name
    Disable {
        /// Its name
        name: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleArg {
    /// Everything, the WhatsApp connection and other accounts included
    Administrator,
    /// Reads conversations and answers patients
    Agent,
    /// Reads only
    Viewer,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Administrator => Self::Administrator,
            RoleArg::Agent => Self::Agent,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

/// Does what was asked; results go to `out`, notes to `notes`.
///
/// # Errors
/// A name that is taken, unknown or not valid, a password too short, no terminal to ask on, or the database.
pub fn run(args: UserArgs, store: &Store, out: &mut dyn Write, notes: &mut dyn Write) -> Result<()> {
    match args.verb {
        UserVerb::Add { name, role, password_stdin, generate } => {
            staff::check_name(&name)?;
            let password = if generate {
                generated()?
            } else if password_stdin {
                one_line(&mut std::io::stdin().lock())?
            } else {
                asked()?
            };
            add(store, &name, role.into(), &password)?;
            if generate {
                writeln!(out, "{password}")?;
            }
            writeln!(notes, "Account {name} may log in as {}.", Role::from(role).as_str())?;
        }
        UserVerb::List => {
            let all = store.read_blocking(staff::list)?;
            for account in &all {
                let state = match account.disabled_at {
                    Some(at) => format!("disabled {at:.0}"),
                    None => "enabled".to_owned(),
                };
                let (name, role, made) = (&account.name, account.role.as_str(), account.created_at);
                writeln!(out, "{name}\t{role}\t{state}\tmade {made:.0}")?;
            }
            if all.is_empty() {
                writeln!(notes, "There is no account yet: satubumi user add NAME --role administrator")?;
            }
        }
        UserVerb::Disable { name } => {
            if !store.write_blocking(|tx| staff::disable(tx, &name, Timestamp::now()))? {
                bail!("there is no enabled account named {name}; `satubumi user list` shows them");
            }
            writeln!(notes, "Account {name} is disabled.")?;
        }
    }
    Ok(())
}

fn add(store: &Store, name: &str, role: Role, password: &str) -> Result<()> {
    staff::check_password(name, password)?;
    let hash = PasswordHash::of(password)?;
    if !store.write_blocking(|tx| staff::add(tx, name, role, &hash, Timestamp::now()))? {
        bail!("there is an account named {name}, maybe a disabled one; take another name");
    }
    Ok(())
}

/// 256 random bits, like a token but without its mark.
fn generated() -> Result<String> {
    let secret = Secret::generate()?;
    let (_, bits) = secret.reveal().split_once('_').context("a secret has a mark")?;
    Ok(bits.to_owned())
}

fn one_line(input: &mut dyn BufRead) -> Result<String> {
    let mut line = String::new();
    input.read_line(&mut line).context("the password could not be read from standard input")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn asked() -> Result<String> {
    let terminal = Term::stderr();
    if !terminal.is_term() {
        bail!("there is no terminal to ask for a password; use --password-stdin or --generate");
    }
    let ask = |prompt: &str| -> Result<String> {
        terminal.write_str(prompt)?;
        Ok(terminal.read_secure_line()?)
    };
    let password = ask("Password (at least 12 characters): ")?;
    if ask("Once more: ")? != password {
        bail!("the two passwords differ");
    }
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb(store: &Store, verb: UserVerb) -> Result<String> {
        let mut out = Vec::new();
        run(UserArgs { verb }, store, &mut out, &mut Vec::new())?;
        Ok(String::from_utf8(out)?)
    }

    fn generating(name: &str) -> UserVerb {
        UserVerb::Add { name: name.into(), role: RoleArg::Agent, password_stdin: false, generate: true }
    }

    #[test]
    fn an_account_is_made_once_with_a_password_long_enough_and_can_be_disabled() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let store = Store::open(&folder.path().join("satubumi.db"))?;
        for name in ["", " sari", "sa\nri"] {
            assert!(verb(&store, generating(name)).is_err(), "{name:?}");
        }
        assert!(add(&store, "sari", Role::Agent, "too short").is_err());
        assert!(add(&store, "sari", Role::Agent, &"x".repeat(257)).is_err());
        assert!(add(&store, "nama yang panjang", Role::Agent, "Nama yang Panjang").is_err());
        add(&store, "sari", Role::Agent, "kata sandi panjang")?;
        assert!(add(&store, "SARI", Role::Agent, "kata sandi panjang").is_err(), "case makes no other name");
        let printed = verb(&store, generating("budi"))?;
        let found = |name: &'static str| store.read_blocking(|tx| staff::find(tx, name));
        let verified = |name, password: &str| {
            found(name).map(|found| found.is_some_and(|(_, hash)| hash.verify(password)))
        };
        assert!(verified("Sari", "kata sandi panjang")?);
        assert!(verified("budi", printed.trim_end())? && printed.trim_end().len() == 43);
        verb(&store, UserVerb::Disable { name: "sari".into() })?;
        assert!(found("sari")?.is_none());
        assert!(verb(&store, UserVerb::Disable { name: "sari".into() }).is_err());
        let listed = verb(&store, UserVerb::List)?;
        assert!(listed.contains("budi\tagent\tenabled") && listed.contains("sari\tagent\tdisabled"));
        Ok(())
    }

    #[test]
    fn a_password_from_a_pipe_is_its_first_line() -> Result<()> {
        for (given, read) in [("a b \r\nrest", "a b "), ("abc", "abc"), ("", "")] {
            assert_eq!(one_line(&mut given.as_bytes())?, read);
        }
        Ok(())
    }
}
