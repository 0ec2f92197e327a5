"""Writes data/tickets.jsonl: 640 support tickets with a queue each, as a team's export would look.

    python examples/byo/make_tickets.py

The rows are composed from phrases, deterministically; six in a hundred carry the wrong queue, as
hand-labelled exports do. Replace the file by your own: one JSON object a line.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

SUBJECTS = {
    "billing": (
        "charged twice",
        "invoice is wrong",
        "refund not received",
        "cancel my subscription",
        "unknown payment on my card",
        "price went up",
        "tax on the invoice",
        "receipt missing",
    ),
    "delivery": (
        "parcel is late",
        "wrong address on the parcel",
        "package arrived damaged",
        "tracking number does not work",
        "nobody rang the bell",
        "half of the order is missing",
        "parcel left outside",
        "courier never came",
    ),
    "account": (
        "cannot log in",
        "password reset mail never comes",
        "change my email address",
        "delete my account",
        "two factor code is refused",
        "locked out of my profile",
        "merge two accounts",
        "my name is spelled wrong",
    ),
    "product": (
        "screen stays black",
        "battery drains quickly",
        "app crashes on start",
        "button is stuck",
        "noise from the fan",
        "update failed",
        "charger gets hot",
        "sound stops after a minute",
    ),
}
BODIES = {
    "billing": (
        "the amount on my statement does not match the order",
        "I paid on {day} and was billed again on {other}",
        "please send the money back to the same card",
        "your invoice lists {count} items but I bought one",
        "I stopped the plan last month and still see a charge",
        "the discount code was accepted and then not applied",
    ),
    "delivery": (
        "it was promised for {day} and the status has not moved since {other}",
        "the driver says that the street does not exist",
        "the box was open and {count} pieces were gone",
        "I waited at home all {day} and nobody came",
        "the neighbour has not seen any parcel either",
        "the pick up shop sent it back after {count} days",
    ),
    "account": (
        "the page says that my password is wrong although I changed it on {day}",
        "no mail arrives, I looked in the spam folder {count} times",
        "I moved to another company and need the new address in my profile",
        "the code from my phone is refused every time",
        "please remove everything that you store about me",
        "since {day} the site logs me out after {count} minutes",
    ),
    "product": (
        "it worked until {day}, now nothing happens when I press the switch",
        "after {count} minutes it gets so hot that I cannot hold it",
        "I installed the update on {day} and since then it restarts",
        "the left side makes a clicking sound",
        "I tried another cable and {count} sockets, no change",
        "the picture flickers and then freezes",
    ),
}
OPENINGS = ("hello,", "hi there,", "good morning,", "dear team,", "", "", "to whom it may concern,")
CLOSINGS = (
    "please help.",
    "thank you.",
    "this is the second time I write.",
    "kind regards",
    "",
    "I am not happy about this.",
    "when can I expect an answer?",
    "I ordered on {day}.",
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MISLABELLED = 0.06
ROWS = 640


def ticket(number: int, chance: random.Random) -> dict[str, str]:
    queues = sorted(SUBJECTS)
    queue = chance.choice(queues)
    topic = queue if chance.random() < 0.85 else chance.choice(queues)
    words = {
        "day": chance.choice(DAYS),
        "other": chance.choice(DAYS),
        "count": str(chance.randint(2, 9)),
    }
    sentences = (
        chance.choice(OPENINGS),
        *chance.sample(BODIES[queue], k=chance.choice((1, 1, 2))),
        chance.choice(CLOSINGS),
    )
    text = " ".join(part.format(**words) for part in sentences if part)
    label = queue if chance.random() >= MISLABELLED else chance.choice(queues)
    return {
        "id": f"T-{number:04d}",
        "customer": f"C-{chance.randint(1, 400):03d}",
        "subject": chance.choice(SUBJECTS[topic]),
        "text": text,
        "queue": label,
    }


def main() -> None:
    chance = random.Random(7)
    path = Path(__file__).parent / "data" / "tickets.jsonl"
    path.parent.mkdir(exist_ok=True)
    lines = (json.dumps(ticket(number, chance)) for number in range(1, ROWS + 1))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
