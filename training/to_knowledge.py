"""Makes a knowledge folder and a file of cases of a facility, so that `satubumi eval` can run it.

    python training/to_knowledge.py training/held-out/graha.json /tmp/graha
    satubumi --knowledge-dir /tmp/graha --data-dir /tmp/graha/data ingest
    satubumi --knowledge-dir /tmp/graha --data-dir /tmp/graha/data eval /tmp/graha/cases.jsonl

Every line that answers a question counts as a fact. The hospital's fixed replies and red flags are taken along.
"""

import json
import shutil
import sys
from pathlib import Path


def document(passage):
    text = ["---", f"title: {passage['title']}", "---", ""]
    for depth, heading in enumerate(passage["headings"], start=2):
        text += ["#" * depth + " " + heading, ""]
    rows = [[cell.split(": ", 1) for cell in line.rstrip(".").split("; ")] for line in passage["lines"]]
    headers = {tuple(cell[0] for cell in row) for row in rows}
    if passage["kind"] == "table" and len(headers) == 1 and all(len(cell) == 2 for row in rows for cell in row):
        header = headers.pop()
        text += [f"| {' | '.join(header)} |", "|" + " --- |" * len(header)]
        text += [f"| {' | '.join(cell[1] for cell in row)} |" for row in rows]
    else:
        text += [f"- {line}" for line in passage["lines"]]
    return "\n".join(text) + "\n"


def case(number, asked, passages):
    answers = asked["answers"]
    return {
        "id": f"q{number}",
        "kind": "answerable" if answers else "unanswerable",
        "style": "informal",
        "split": "tune",
        "question": asked["q"],
        "facts": [[passages[a["passage"]]["lines"][line].rstrip(".")] for a in answers for line in a["lines"]],
        "documents": [f"{a['passage']}.md" for a in answers],
    }


def main(source, target):
    facility = json.loads(Path(source).read_text())
    target = Path(target)
    for part in ("replies", "triage"):
        shutil.copytree(Path(__file__).parent.parent / "knowledge" / part, target / part, dirs_exist_ok=True)
    (target / "approved").mkdir(exist_ok=True)
    (target / "documents").mkdir(exist_ok=True)
    for passage in facility["passages"]:
        (target / "documents" / f"{passage['id']}.md").write_text(document(passage))
    passages = {passage["id"]: passage for passage in facility["passages"]}
    cases = [case(number, asked, passages) for number, asked in enumerate(facility["questions"])]
    lines = "".join(json.dumps(case, ensure_ascii=False) + "\n" for case in cases)
    (target / "cases.jsonl").write_text(lines)


if __name__ == "__main__":
    main(*sys.argv[1:3])
