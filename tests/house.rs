//! The house rules that no compiler checks: who may import whom, how long a file may be, what a source may not hold.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Who may import whom; the table in `lib.rs` and the README says the same to readers.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("language", &["domain"]),
    ("i18n", &["domain"]),
    ("store", &["domain"]),
    ("ai", &["domain"]),
    ("knowledge", &["domain", "language", "store", "ai"]),
    ("assistant", &["domain", "language", "i18n", "ai", "knowledge"]),
    ("chat", &["domain", "store", "assistant", "tasks"]),
    ("evaluation", &["domain", "language", "ai", "knowledge", "assistant"]),
    ("library", &["domain", "language", "store", "ai", "knowledge", "assistant", "tasks"]),
    ("whatsapp", &["domain", "store", "chat", "tasks"]),
    ("analytics", &["domain", "store", "ai"]),
    ("realtime", &["domain", "i18n", "store", "chat", "whatsapp"]),
    (
        "web",
        &["domain", "i18n", "store", "knowledge", "analytics", "chat", "library", "whatsapp", "realtime"],
    ),
    ("config", &["ai", "knowledge", "assistant", "chat", "whatsapp", "web"]),
    ("tasks", &[]),
    (
        "app",
        &[
            "domain",
            "language",
            "i18n",
            "store",
            "ai",
            "knowledge",
            "assistant",
            "chat",
            "evaluation",
            "library",
            "whatsapp",
            "analytics",
            "realtime",
            "web",
            "config",
            "tasks",
        ],
    ),
];

/// Lines that a source file may have.
const MOST_LINES: usize = 500;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files_below(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "target" | "node_modules" | "dist" | ".git" | "data") {
                found.extend(files_below(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The room of a file below `src/`: its first folder, or its name without `.rs`.
fn room(path: &Path) -> String {
    let within = path.strip_prefix(root().join("src")).expect("a file of src");
    let first = within.components().next().expect("a name").as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Every room named after `crate::`, wherever it stands, `use crate::{a, b::c}` included.
fn imported_rooms(source: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    // What stands in `//` comments (doc links) is no import.
    let code: String =
        source.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut word = String::new();
            for c in group.chars() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    _ if depth > 0 => {}
                    ',' => rooms.push(std::mem::take(&mut word)),
                    c => word.push(c),
                }
            }
            rooms.push(word);
        } else {
            rooms.push(rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect());
        }
    }
    rooms
        .into_iter()
        .map(|path| path.trim().split("::").next().unwrap_or_default().trim().to_owned())
        .filter(|room| !room.is_empty())
        .collect()
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    let table: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in files_below(&root().join("src"), &[".rs"]) {
        let room = room(&path);
        // The command line and the crate's own root see everything.
        if matches!(room.as_str(), "main" | "lib" | "cli") {
            continue;
        }
        let Some(allowed) = table.get(room.as_str()) else {
            wrong.push(format!("{}: the room `{room}` is not in the table", path.display()));
            continue;
        };
        for imported in imported_rooms(&read(&path)) {
            let is_room = table.contains_key(imported.as_str());
            if is_room && imported != room && !allowed.contains(&imported.as_str()) {
                wrong.push(format!("{}: `{room}` may not import `{imported}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_import_reader_reads_imports() {
    let source =
        "use crate::{\n    ai::{AiError, X},\n    store,\n};\nuse crate::web::router; // crate::chat\n";
    assert_eq!(imported_rooms(source), ["ai", "store", "web"]);
}

#[test]
fn the_documented_table_is_the_table() {
    let documented = read(&root().join("src/lib.rs"));
    for (name, allowed) in MAY_IMPORT.iter().filter(|(name, _)| !matches!(*name, "config" | "tasks" | "app"))
    {
        let shown = if allowed.is_empty() { "nothing of ours".to_owned() } else { allowed.join(", ") };
        let row = format!("//! | [`{name}`] | {shown} |");
        assert!(documented.contains(&row), "lib.rs lacks the row: {row}");
    }
}

#[test]
fn no_file_is_longer_than_a_reader_holds() {
    let mut long = Vec::new();
    for path in files_below(root(), &[".rs", ".js", ".ts", ".css", ".py", ".sh"]) {
        let lines = read(&path).lines().count();
        if lines > MOST_LINES {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    assert!(long.is_empty(), "past {MOST_LINES} lines something wants to move out:\n{}", long.join("\n"));
}

#[test]
fn one_module_style() {
    for path in files_below(&root().join("src"), &[".rs"]) {
        let beside = path.with_extension("");
        assert!(!beside.is_dir(), "{} stands beside a folder of its name: use mod.rs", path.display());
    }
}

#[test]
fn nothing_is_left_undone() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[", "ignore"),
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
    ];
    let mut found = Vec::new();
    for folder in ["src", "tests", "benches", "scripts", "models", "web"] {
        for path in files_below(&root().join(folder), &[".rs", ".toml", ".sh", ".py", ".js", ".css", ".ftl"])
        {
            let text = read(&path);
            for mark in marks.iter().filter(|mark| text.contains(**mark)) {
                found.push(format!("{}: {mark}", path.display()));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// What a release is built with: the client's danger features are the tests' alone. `satubumi doctor` asks the binary
/// itself, and `scripts/run` asks that before it starts it.
#[test]
fn no_release_is_built_with_a_danger_feature() {
    let tree = std::process::Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "--workspace",
            "--edges",
            "features,no-dev",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let tree = String::from_utf8(tree.stdout).expect("UTF-8");
    assert!(tree.contains("whatsapp-rust feature \"sqlite-storage\""), "the tree tells features");
    let danger: Vec<&str> =
        tree.lines().filter(|line| line.contains("danger") || line.contains("failpoints")).collect();
    assert!(danger.is_empty(), "{danger:?}");
}
