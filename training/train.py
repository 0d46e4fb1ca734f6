"""Trains the reader's adapter: low-rank changes (LoRA) of multilingual-e5-small's matrices and two heads, so that a
question and a passage read together tell whether the passage answers and which of its lines do.

    python training/train.py --encoder models/multilingual-e5-small --examples training/examples \\
        --idk-mrc ../shared/data/idk-mrc/train.json --standardize target/release/examples/standardize \\
        --out training/reader.safetensors

Needs torch 2.8, transformers 4.57 and safetensors, and `cargo build --release --example standardize`. `training/README.md` says what is trained on what, and with which
stages the adapter in this folder was made.
"""

import argparse
import hashlib
import json
import math
import random
import re
import subprocess
import time
import tomllib
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoModel, AutoTokenizer

RANK, SCALE = 16, 2.0
MAX_TOKENS = 320
BATCH = 16
# Lines that answer are few, tokens of an answer fewer: what they count more than the others.
LINE_WEIGHT, SPAN_WEIGHT = 3.0, 4.0
# Every 14th context of IDK-MRC is kept back to watch the training by.
KEPT_BACK = 14
# How often an answering passage is read without the lines that answer, as a passage that does not.
NEAR_MISSES = 0.35
# How often a question is read in standard spelling, as the program puts it; else as it was typed, for words that the
# program's dictionary lacks.
STANDARD = 0.75


class LowRank(nn.Module):
    """A frozen linear layer with a trained change of low rank."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.a = nn.Parameter(torch.randn(RANK, base.in_features) / math.sqrt(base.in_features))
        self.b = nn.Parameter(torch.zeros(base.out_features, RANK))

    def forward(self, x):
        return self.base(x) + F.linear(F.linear(x, self.a), self.b) * SCALE


class Reader(nn.Module):
    """`answers` reads the first token's state, `line` the mean of a line's token states. `span` marks the tokens of an
    answer; it helps training where such marks exist and is thrown away."""

    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder
        for parameter in encoder.parameters():
            parameter.requires_grad_(False)
        self.changed = {}
        for index, layer in enumerate(encoder.encoder.layer):
            attention = layer.attention
            for parent, name, path in [
                (attention.self, "query", "attention.self.query"),
                (attention.self, "key", "attention.self.key"),
                (attention.self, "value", "attention.self.value"),
                (attention.output, "dense", "attention.output.dense"),
                (layer.intermediate, "dense", "intermediate.dense"),
                (layer.output, "dense", "output.dense"),
            ]:
                changed = LowRank(getattr(parent, name))
                setattr(parent, name, changed)
                self.changed[f"encoder.layer.{index}.{path}"] = changed
        hidden = encoder.config.hidden_size
        self.answers, self.line, self.span = (nn.Linear(hidden, 1) for _ in range(3))
        for head in (self.answers, self.line, self.span):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)

    def forward(self, ids, mask, lines):
        """`lines`: `[pairs, lines, tokens]`, the share of each token in its line's mean."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        answers = self.answers(states[:, 0]).squeeze(-1)
        return answers, self.line(torch.bmm(lines, states)).squeeze(-1), self.span(states).squeeze(-1)

    def save(self, path, base):
        tensors = {}
        for name, changed in self.changed.items():
            tensors[f"{name}.lora_A.weight"] = changed.a.detach().half().contiguous()
            tensors[f"{name}.lora_B.weight"] = changed.b.detach().half().contiguous()
        for name in ("answers", "line"):
            head = getattr(self, name)
            tensors[f"{name}.weight"] = head.weight.detach().contiguous()
            tensors[f"{name}.bias"] = head.bias.detach().contiguous()
        save_file(tensors, path, metadata={"base": base, "scale": str(SCALE)})

    def load(self, path):
        tensors = load_file(path)
        with torch.no_grad():
            for name, changed in self.changed.items():
                changed.a.copy_(tensors[f"{name}.lora_A.weight"])
                changed.b.copy_(tensors[f"{name}.lora_B.weight"])
            for name in ("answers", "line"):
                getattr(self, name).weight.copy_(tensors[f"{name}.weight"])
                getattr(self, name).bias.copy_(tensors[f"{name}.bias"])


def revision(folder):
    """The encoder's exact weights, as `InstalledModel::revision` counts them."""
    record = tomllib.loads((folder / "installed.toml").read_text())
    hashed = hashlib.sha256("".join(file["sha256"] for file in record["files"]).encode())
    return hashed.hexdigest()[:16]


# --- examples: {"question", "path", "lines": [...], "gold": [indices], "span": (line, from, to) or absent, "marked"} ----


def sentences(text):
    """The byte ranges of a text's sentences."""
    ranges, start = [], 0
    for gap in re.finditer(r'(?<=[.!?])\s+(?=[A-Z0-9"“(])|\n+', text):
        ranges.append((start, gap.start()))
        start = gap.end()
    ranges.append((start, len(text)))
    return [(a, b) for a, b in ranges if text[a:b].strip()]


def windows(context, words=170):
    """A context's sentences in windows of at most that many words."""
    found, window, count = [], [], 0
    for a, b in sentences(context):
        length = len(context[a:b].split())
        if window and count + length > words:
            found.append(window)
            window, count = [], 0
        window.append((a, b))
        count += length
    return found + [window] if window else found


def idk_mrc(path):
    """Examples and the windows of all contexts, each with its context's number."""
    examples, passages = [], []
    for number, paragraph in enumerate(json.loads(Path(path).read_text())):
        context, first = paragraph["context"], len(passages)
        cut = windows(context)
        passages += [(number, [context[a:b].replace("\n", " ") for a, b in window]) for window in cut]
        for asked in paragraph["qas"]:
            example = {"question": asked["question"], "path": "", "marked": True, "context": number}
            if asked["is_impossible"]:
                for at in range(len(cut[:2])):
                    examples.append({**example, "lines": passages[first + at][1], "gold": []})
                continue
            answer = asked["answers"][0]
            start, end = answer["answer_start"], answer["answer_start"] + len(answer["text"])
            for at, window in enumerate(cut):
                for line, (a, b) in enumerate(window):
                    if a <= start < b:
                        span = (line, start - a, min(end, b) - a)
                        lines = passages[first + at][1]
                        examples.append({**example, "lines": lines, "gold": [line], "span": span})
    return examples, passages


def vectors(encoder, tokenizer, texts, prefix):
    made = []
    with torch.no_grad():
        for start in range(0, len(texts), 32):
            batch = [prefix + text for text in texts[start : start + 32]]
            read = tokenizer(batch, padding=True, truncation=True, max_length=256, return_tensors="pt")
            states, mask = encoder(**read).last_hidden_state, read["attention_mask"].unsqueeze(-1)
            made.append(F.normalize((states * mask).sum(1) / mask.sum(1), dim=-1))
    return torch.cat(made)


def nearest(encoder, tokenizer, questions, passages, count):
    asked = vectors(encoder, tokenizer, questions, "query: ")
    held = vectors(encoder, tokenizer, passages, "passage: ")
    return (asked @ held.T).topk(count, dim=1).indices.tolist()


def facility(encoder, tokenizer, path):
    """Of each question its answering passages, and the nearest of those that don't answer."""
    read = json.loads(path.read_text())
    passages = [
        {"path": " › ".join([p["title"], *p["headings"]]), "lines": p["lines"], "rows": p["kind"] == "table"}
        for p in read["passages"]
    ]
    place = {passage["id"]: at for at, passage in enumerate(read["passages"])}
    questions = [asked["q"] for asked in read["questions"]]
    near = nearest(encoder, tokenizer, questions, [text_of(passage) for passage in passages], 10)
    found = []
    for asked, near in zip(read["questions"], near):
        gold = {place[answer["passage"]]: answer["lines"] for answer in asked["answers"]}
        example = lambda at: {**passages[at], "question": asked["q"], "gold": gold.get(at, []), "marked": False}
        found.append(([example(at) for at in gold], [example(at) for at in near if at not in gold]))
    return found


def kept(example, lines):
    """The example with those of its lines alone, in that order."""
    gold = [at for at, line in enumerate(lines) if line in set(example["gold"])]
    return {**example, "lines": [example["lines"][line] for line in lines], "gold": gold}


def shuffled(example, dice):
    """A table's rows in another order, half of the time: which row comes first says nothing."""
    if not example["rows"] or dice.random() < 0.5:
        return example
    return kept(example, dice.sample(range(len(example["lines"])), len(example["lines"])))


def without_answer(example):
    """A near miss made of an answering passage: its neighbouring lines without those that answer. None where too little
    is left to be mistaken for an answer."""
    left = [line for line in range(len(example["lines"])) if line not in example["gold"]]
    return kept(example, left) if len(left) > 1 else None


# How people type: general knowledge, not the dictionary that the evaluation rewrites questions with.
TYPED = {
    "berapa": ["brp", "brapa"], "yang": ["yg"], "siapa": ["sp", "siapa"], "dimana": ["dmn"], "mana": ["mana", "mn"],
    "kapan": ["kpn", "kpan"], "tidak": ["gak", "ga", "nggak", "tdk"], "dengan": ["dgn", "sama"],
    "untuk": ["utk", "buat"], "dan": ["n", "dan", "sm"], "adalah": ["itu"], "apakah": ["apa"],
    "bagaimana": ["gmn", "gimana"], "kenapa": ["knp"], "mengapa": ["knp", "kenapa"], "sudah": ["udh"],
    "pada": ["pd"], "dari": ["dr"], "tahun": ["thn", "tahun"], "orang": ["org"], "bisa": ["bs"],
    "banyak": ["bnyk"], "dalam": ["dlm"], "jam": ["jm", "jam"], "apa": ["apa", "ap"],
}  # fmt: skip


def typed(question, dice):
    """A quarter of the questions as people type them."""
    if dice.random() > 0.25:
        return question
    words = []
    for word in question.rstrip("?").split():
        if word.lower() in TYPED and dice.random() < 0.8:
            word = dice.choice(TYPED[word.lower()])
        elif len(word) > 5 and dice.random() < 0.06:
            at = dice.randrange(1, len(word) - 1)
            word = dice.choice(
                [word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]]
            )
        words.append(word)
    return " ".join(words).lower()


def standardized(program, pairs, dice):
    """The pairs, most of their questions in the spelling that the program gives them before they are read."""
    typed = list(dict.fromkeys(pair["question"].replace("\n", " ") for pair in pairs))
    done = subprocess.run([program], input="\n".join(typed), capture_output=True, text=True, check=True)
    standard = dict(zip(typed, done.stdout.splitlines(), strict=True))
    chosen = {question: standard[question] for question in typed if dice.random() < STANDARD}
    read = lambda question: chosen.get(question.replace("\n", " "), question)
    return [{**pair, "question": read(pair["question"])} for pair in pairs]


# --- training ----------------------------------------------------------------------------------------------------------


def text_of(example):
    return "\n".join(([example["path"]] if example["path"] else []) + example["lines"])


def encode(tokenizer, example):
    read = tokenizer(
        example["question"],
        text_of(example),
        truncation="only_second",
        max_length=MAX_TOKENS,
        return_offsets_mapping=True,
    )
    of_passage = [sequence == 1 for sequence in read.sequence_ids()]
    offsets = read["offset_mapping"]
    touching = lambda start, end: [
        at for at, (a, b) in enumerate(offsets) if of_passage[at] and b > a and b > start and a < end
    ]
    at, ranges = len(example["path"]) + 1 if example["path"] else 0, []
    for line in example["lines"]:
        ranges.append((at, at + len(line)))
        at += len(line) + 1
    span = []
    if example.get("span"):
        line, start, end = example["span"]
        span = touching(ranges[line][0] + start, ranges[line][0] + end)
    lines = [touching(*range) for range in ranges]
    gold = set(example["gold"])
    return {"ids": read["input_ids"], "lines": lines, "gold": gold, "span": span, "marked": example["marked"]}


def collate(batch, padding):
    """Widths are rounded up: few shapes, so that the kernels' caches stay small."""
    tokens = -(-max(len(pair["ids"]) for pair in batch) // 32) * 32
    count = -(-max(len(pair["lines"]) for pair in batch) // 8) * 8
    ids, mask = torch.full((len(batch), tokens), padding), torch.zeros(len(batch), tokens, dtype=torch.long)
    lines, gold, there = torch.zeros(len(batch), count, tokens), *torch.zeros(2, len(batch), count)
    span, marked = torch.zeros(2, len(batch), tokens)
    for row, pair in enumerate(batch):
        length = len(pair["ids"])
        ids[row, :length], mask[row, :length] = torch.tensor(pair["ids"]), 1
        for line, of_line in enumerate(pair["lines"]):
            if of_line:
                lines[row, line, of_line] = 1 / len(of_line)
                there[row, line], gold[row, line] = 1, float(line in pair["gold"])
        if pair["marked"]:
            marked[row, :length], span[row, pair["span"]] = 1, 1
    answers = torch.tensor([float(bool(pair["gold"])) for pair in batch])
    return (ids, mask, lines), (answers, gold, there, span, marked)


def loss_of(outputs, wanted):
    answers, line, span = outputs
    answers_wanted, gold, there, span_wanted, marked = wanted
    part = lambda logits, target, weight, counted: (
        F.binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=torch.tensor(weight))
        * counted
    ).sum() / counted.sum().clamp(min=1)
    return (
        F.binary_cross_entropy_with_logits(answers, answers_wanted)
        + part(line, gold, LINE_WEIGHT, there)
        + part(span, span_wanted, SPAN_WEIGHT, marked)
    )


def batches(pairs, dice):
    """Pairs of like length together, batches in random order."""
    dice.shuffle(pairs)
    made = []
    for start in range(0, len(pairs), BATCH * 24):
        group = sorted(pairs[start : start + BATCH * 24], key=lambda pair: len(pair["ids"]))
        made += [group[at : at + BATCH] for at in range(0, len(group), BATCH)]
    dice.shuffle(made)
    return made


def area(positive, negative):
    """The area under the ROC curve."""
    positive, negative = torch.tensor(positive)[:, None], torch.tensor(negative)[None, :]
    return ((positive > negative).float() + 0.5 * (positive == negative).float()).mean().item()


def watch(reader, tokenizer, examples):
    reader.eval()
    positive, negative, right = [], [], []
    with torch.no_grad():
        for start in range(0, len(examples), 32):
            batch = [encode(tokenizer, example) for example in examples[start : start + 32]]
            inputs, (_, _, there, _, _) = collate(batch, tokenizer.pad_token_id)
            answers, line, _ = reader(*inputs)
            best = line.masked_fill(there == 0, -99).argmax(1)
            for pair, logit, line in zip(batch, answers.tolist(), best.tolist()):
                (positive if pair["gold"] else negative).append(logit)
                if pair["gold"]:
                    right.append(line in pair["gold"])
    reader.train()
    return f"kept back: answerable told apart {area(positive, negative):.3f}, right line {sum(right) / len(right):.3f}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--encoder", type=Path, required=True)
    arguments.add_argument("--examples", type=Path, required=True)
    arguments.add_argument("--idk-mrc", type=Path, required=True)
    arguments.add_argument("--standardize", type=Path, required=True, help="the program of examples/standardize.rs")
    arguments.add_argument("--out", type=Path, required=True)
    arguments.add_argument("--start", type=Path, help="an earlier stage's adapter")
    arguments.add_argument("--steps", type=int, default=970)
    arguments.add_argument("--idk-pairs", type=int, default=8900, help="IDK-MRC questions an epoch")
    arguments.add_argument("--idk-others", type=int, default=2200, help="... and with a wrong passage")
    arguments.add_argument("--rate", type=float, default=6e-4)
    arguments.add_argument("--seed", type=int, default=2)
    options = arguments.parse_args()
    torch.manual_seed(options.seed)
    # Gradients of padding fade into denormal numbers, which the processor computes many times slower.
    torch.set_flush_denormal(True)
    dice = random.Random(options.seed)

    tokenizer = AutoTokenizer.from_pretrained(options.encoder)
    # Without dropout a step takes two thirds of the time, and most pairs are seen but a few times.
    encoder = AutoModel.from_pretrained(
        options.encoder, add_pooling_layer=False, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0
    ).float()
    facilities = [
        question
        for path in sorted(options.examples.glob("*.json"))
        for question in facility(encoder, tokenizer, path)
    ]
    examples, passages = idk_mrc(options.idk_mrc)
    kept_back = [example for example in examples if example["context"] % KEPT_BACK == 0]
    examples = [example for example in examples if example["context"] % KEPT_BACK]
    answerable = [example for example in examples if example["gold"]]
    near = nearest(
        encoder, tokenizer, [e["question"] for e in answerable], [" ".join(lines) for _, lines in passages], 8
    )

    def epoch():
        pairs = [
            {**example, "question": typed(example["question"], dice)}
            for example in dice.sample(examples, min(options.idk_pairs, len(examples)))
        ]
        for at in dice.sample(range(len(answerable)), min(options.idk_others, len(answerable))):
            example = answerable[at]
            others = [number for number in near[at] if passages[number][0] != example["context"]]
            lines = passages[dice.choice(others[:5])][1]
            question = typed(example["question"], dice)
            pairs.append({"question": question, "path": "", "lines": lines, "gold": [], "marked": True})
        for answering, others in facilities:
            of_question = answering + dice.sample(others[:8], min(2 if answering else 3, len(others[:8])))
            missed = [near for near in map(without_answer, answering) if near and dice.random() < NEAR_MISSES]
            question = typed(of_question[0]["question"], dice)
            pairs += [{**shuffled(pair, dice), "question": question} for pair in of_question + missed]
        return [encode(tokenizer, pair) for pair in standardized(options.standardize, pairs, dice)]

    reader = Reader(encoder)
    if options.start:
        reader.load(options.start)
    trained = [parameter for parameter in reader.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=options.rate, weight_decay=0.01)
    step, since = 0, time.time()
    while step < options.steps:
        for batch in batches(epoch(), dice):
            if step >= options.steps:
                break
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1, (step + 1) / 40) * max(0.02, 1 - step / options.steps)
            inputs, wanted = collate(batch, tokenizer.pad_token_id)
            loss = loss_of(reader(*inputs), wanted)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            step += 1
            if step % 25 == 0:
                print(f"step {step}, {time.time() - since:.0f} s, loss {loss.item():.3f}", flush=True)
            if step % 300 == 0:
                reader.save(options.out, revision(options.encoder))
    print(watch(reader, tokenizer, kept_back))
    reader.save(options.out, revision(options.encoder))


if __name__ == "__main__":
    main()
