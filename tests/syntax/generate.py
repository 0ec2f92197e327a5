"""Random files that are right: every construct of the grammar, with comments and odd blanks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TypeVar

Choice = TypeVar("Choice")

NAMES = ("a", "b_2", "accuracy", "macro_f1", "strategy", "tickets", "_x", "LongerName", "e9", "USD")
KEYWORDS = (
    "with",
    "within",
    "confidence",
    "when",
    "to",
    "as",
    "for",
    "require",
    "using",
    "extends",
)
"""Words that are names wherever a keyword cannot stand."""
UNITS = ("USD", "requests/month", "GPU-hours", "%", "pp", "e", "Mtok", "%/day", "USD/GPU-hour")
TEXTS = ("", "data/tickets.jsonl", "{text} # no comment", '\\"\\\\\\n\\t', "é 漢 ( [ {", "a" * 60)
CLAUSES = ("for", "among", "measure", "maximize", "minimize", "require", "decide", "escalate")
ATTRIBUTES = ("alpha", "source", "shots", "with_", "x", "true_", "languages")


class Generator:
    """Writes one file. Every comment is numbered, so that none can be mistaken for another.

    `tidy`: clauses come in their canonical order, and no documentation is written: then
    formatting keeps all comments in order.
    """

    def __init__(self, random: Random, *, tidy: bool = False) -> None:
        self.random = random
        self.tidy = tidy
        self.comments = 0
        self.parts: list[str] = []
        self.brackets = 0

    def file(self, declarations: int) -> str:
        """A text that parses without a finding."""
        if self.chance(0.2):
            self.between()
            self.words("language", "1")
            self.end_line()
        for _ in range(declarations):
            self.between()
            self.pick(self.imported, self.constant, self.block, self.block, self.block)()
            self.end_line()
        self.between()
        text = "".join(self.parts)
        return text.rstrip("\n") if self.chance(0.2) else text

    def imported(self) -> None:
        if self.chance(0.5):
            self.words("import")
            self.reference()
        else:
            self.words("import", f'"./{self.pick(*NAMES)}.cosmos"')
        self.words("as", self.name())

    def constant(self) -> None:
        self.words(self.pick("param", "let"), self.name())
        self.tight("=")
        self.expression(0)

    def block(self) -> None:
        if self.chance(0.1):
            self.words("template")
        self.words(self.pick("task", "query", "dataset", "policy", "model"), self.name())
        if self.chance(0.3):
            self.words("extends")
            self.reference()
        if self.chance(0.5):
            self.words("using", self.name())
        if self.chance(0.9):
            self.body(0)

    def body(self, depth: int) -> None:
        self.tight("{")
        if self.chance(0.1):
            self.tight("}")
            return
        if self.chance(0.1):
            self.attribute()
            self.tight("}")
            return
        self.end_line()
        items: list[Callable[[], None]] = [
            self.pick(
                self.attribute,
                self.attribute,
                (lambda: self.section(depth + 1)) if depth < 4 else self.attribute,
            )
            for _ in range(self.random.randrange(5))
        ]
        heads = [self.pick(*CLAUSES) for _ in range(self.random.choice((0, 0, 3, 6)))]
        if self.tidy:
            heads.sort(key=CLAUSES.index)
        for item in [*items, *((lambda head=head: self.clause(head)) for head in heads)]:
            self.between()
            item()
            self.end_line()
        self.between()
        self.tight("}")

    def attribute(self) -> None:
        self.words(self.pick(*ATTRIBUTES))
        self.tight("=")
        self.expression(0)

    def section(self, depth: int) -> None:
        self.words(self.pick(*ATTRIBUTES))
        self.body(depth)

    def clause(self, head: str) -> None:
        self.words(head)
        match head:
            case "for":
                self.reference()
            case "among":
                self.candidates()
            case "measure":
                both = self.pick("with", "within", "both")
                if both != "within":
                    self.words("with")
                    self.reference()
                if both != "with":
                    self.words("within")
                    self.expression(1)
            case "maximize" | "minimize":
                self.expression(0)
            case "require":
                self.comparison()
                self.confidence()
            case "decide":
                self.words("within")
                self.expression(1)
                self.confidence()
            case "escalate":
                self.words("to")
                self.reference()
                self.words("when")
                self.comparison()

    def candidates(self) -> None:
        bracketed = self.chance(0.4)
        if bracketed:
            self.open("[")
        self.reference()
        for _ in range(self.random.choice((0, 1, 2, 12))):
            self.tight(",")
            self.reference()
        if bracketed:
            self.close("]")

    def comparison(self) -> None:
        self.expression(1)
        self.tight(self.pick("<", "<=", ">", ">=", "=="))
        self.expression(1)

    def confidence(self) -> None:
        if self.chance(0.5):
            self.words("with", "confidence")
            self.expression(2)

    def expression(self, depth: int) -> None:
        self.operand(depth)
        for _ in range(self.random.choice((0, 0, 0, 0, 1, 1, 4))):
            # A blank before it: `40 USD/n` would be one number.
            self.parts.append(self.gap())
            self.tight(self.pick("+", "-", "*", "/"))
            self.operand(depth)

    def operand(self, depth: int) -> None:
        simple = (self.number, self.number, self.text, self.boolean, self.reference)
        if depth > 4 or self.chance(0.6 + 0.1 * depth):
            self.pick(*simple)()
            return
        match self.pick("(", "-", "call", "["):
            case "(":
                self.open("(")
                self.expression(depth + 1)
                self.close(")", comma=False)
            case "-":
                self.tight("-")
                self.operand(depth + 1)
            case "call":
                self.words(self.name())
                self.listed("(", ")", depth)
            case "[":
                self.listed("[", "]", depth)

    def listed(self, opening: str, closing: str, depth: int) -> None:
        self.open(opening)
        count = self.random.choice((0, 1, 2, 3, 7))
        for index in range(count):
            if index:
                self.tight(",")
            self.expression(depth + 1)
        self.close(closing, comma=count > 0)

    def number(self) -> None:
        digits = self.pick("0", "3", "82", "1_200_000", "0.15", "2.50", "1.5e-3", "1E9", "7e+2")
        unit = self.pick(*UNITS) if self.chance(0.6) else ""
        self.words(digits + (self.pick("", " ", "  ", "\t") + unit if unit else ""))

    def text(self) -> None:
        self.words(f'"{self.pick(*TEXTS)}"')

    def boolean(self) -> None:
        self.words(self.pick("true", "false"))

    def reference(self) -> None:
        self.words(self.name())
        for _ in range(self.random.choice((0, 1, 1, 2))):
            self.tight(".")
            self.tight(self.name())
        if self.chance(0.15):
            self.tight(".")
            self.tight("*")

    def name(self) -> str:
        return self.pick(*KEYWORDS) if self.chance(0.1) else self.pick(*NAMES)

    def open(self, bracket: str) -> None:
        self.tight(bracket)
        self.brackets += 1

    def close(self, bracket: str, *, comma: bool = True) -> None:
        if comma and self.chance(0.2):
            self.tight(",")
        self.tight("")
        self.brackets -= 1
        self.parts.append(bracket)

    def words(self, *words: str) -> None:
        """Words that blanks must stand around."""
        for word in words:
            self.parts += [self.gap(), word]

    def tight(self, sign: str) -> None:
        """A sign that blanks may stand around."""
        self.parts += [self.gap() if self.chance(0.5) else "", sign]

    def gap(self) -> str:
        """At least one blank; inside brackets at times line ends and comments."""
        if self.brackets and self.chance(0.1):
            lines = [self.comment() if self.chance(0.5) else "" for _ in range(1, 3)]
            return " " + "\n\t".join([*lines, ""])
        return self.pick(" ", " ", " ", "  ", "\t", " \t ")

    def comment(self) -> str:
        self.comments += 1
        sign = (
            self.pick("# ", "#", "#  ", "#!") if self.tidy else self.pick("# ", "## ", "##", "###")
        )
        return f"{sign}{self.comments} {self.pick('', 'why', chr(34), '{ ( [', 'é ')}"

    def end_line(self) -> None:
        if self.chance(0.15):
            self.parts.append(self.pick("", " ", "\t\t") + self.comment())
        self.parts.append(self.pick("\n", "\n", "  \n"))

    def between(self) -> None:
        """Empty lines and comments between statements, and the blanks before the next one."""
        for _ in range(self.random.choice((0, 0, 0, 1, 2, 4))):
            line = self.comment() if self.chance(0.5) else ""
            self.parts.append(self.pick("", "  ", "\t") + line + "\n")
        self.parts.append(self.pick("", "", "  ", "\t"))

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, *choices: Choice) -> Choice:
        return self.random.choice(choices)


def valid_file(random: Random, *, declarations: int = 6, tidy: bool = False) -> str:
    """A random text that parses without a finding."""
    return Generator(random, tidy=tidy).file(declarations)
