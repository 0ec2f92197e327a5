"""The one tokenizer of the tiny family: whole words, with characters to spell all others."""

from __future__ import annotations

import json
import string
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from cosmosql.extensions.sources.generated import families, grammar, lexicon
from cosmosql.extensions.sources.generated.lexicon import spaced
from cosmosql.extensions.sources.generated.tasks import SECTIONS, TASKS

CONTEXT = 1024
SPECIALS = ("<pad>", "<s>", "</s>", "<unk>")

#: Frequent English words that the lexicon does not need, so that a user's text stays short.
COMMON = spaced("""
a about above after again against all almost also am an any are around as ask at away back
be became because been being below best better between both bring but by call came can case
change come could country day did different do does done down each early else end enough
ever every everything example eye face fact far feel few find first follow following for
found from full gave general get give given go going gone got group had hand has have he
head help her here herself him himself his house how however idea if important in into is it
its itself job just keep kind knew know known large last left less let life like likely line
little live local long longer look made main make man many may me mean men might mind minute
moment month more most mr mrs much must my myself name near never next night no none nor not
nothing number of off often old on once one only open or order other our out over own page
part people per perhaps person place point possible problem product program public put
question quickly reason right said same saw say second see seem seen sent service set she
should show side since small so some something soon sort start state still such sure system
take than that the their them themselves then there these they thing things think third this
those though thought three through time times to together told too took toward try turn two
under until up upon us use used using value very want wanted was way we week well went were
what when where which while white who whole whom whose why will with within without woman
women word words work world would write year years yet you young your yourself four five six
seven eight nine ten hundred thousand zero company customer customers support price money
data file please thank thanks sorry hello hi dear best regards email phone today tomorrow
yesterday morning evening input output text label labels answer options true false yes no
positive negative neutral high low medium other spam urgent normal bug feature request
complaint error failed issue broken works working won cannot don doesn didn isn wasn aren ve
ll re title body message topic category class sentiment intent review summary context user
agent assistant""")

SUFFIXES = spaced("""
s es ed d ing er ers ly ion ions ment al ive able ness y ies est en or ity ous ful less ship
th re in an on at it is ar le ic te""")


def label_words() -> tuple[str, ...]:
    """Every word that a generated task uses as a label."""
    return tuple(label for task in TASKS.values() for label in task.labels)


def _frames() -> tuple[str, ...]:
    return (
        *grammar.CLAUSES,
        *grammar.REJECTIONS,
        *grammar.NOUN_REJECTIONS,
        *grammar.SEQUENCES,
        *grammar.DEED_FRAMES,
        *grammar.OPENERS,
        *grammar.CLOSERS,
        *grammar.NEGATED,
        *grammar.PLAIN_DEGREES,
        *grammar.VERDICTS,
        *families.FRAMES,
    )


def words() -> tuple[str, ...]:
    """Every whole word of the vocabulary, sorted, without punctuation."""
    found = set(COMMON) | set(label_words()) | set(SECTIONS)
    for concept in lexicon.OPEN_CONCEPTS + lexicon.HELD_OUT_CONCEPTS:
        found |= {concept.name, concept.domain, *concept.words}
    for feeling in lexicon.FEELINGS:
        found |= {*feeling.good, *feeling.bad}
    for left, lefts, right, rights in lexicon.CONTRASTS + lexicon.HELD_OUT_CONTRASTS:
        found |= {left, right, *lefts, *rights}
    for phrases in (lexicon.SOON, lexicon.LATER, lexicon.SEVERE, lexicon.MILD):
        found |= {word for phrase in phrases for word in phrase.split()}
    found |= {*lexicon.NAMES, *lexicon.HELD_OUT_NAMES, *lexicon.CITIES, *lexicon.HELD_OUT_CITIES}
    found |= {*lexicon.DAYS, *lexicon.DEEDS}
    for frame in _frames():
        found |= {word for word in frame.split() if not word.isupper()}
    return tuple(sorted(word for word in found if word.isalpha() and len(word) > 1))


def entries() -> list[str]:
    """The vocabulary in the order of its ids: specials, marks, words, then pieces."""
    marks = ["\n", "=>", *string.punctuation]
    characters = [*string.ascii_lowercase, *string.digits]
    pieces = ["##" + piece for piece in (*characters, *SUFFIXES)]
    listed = [*SPECIALS, *marks, *characters, *words(), *pieces]
    unique = list(dict.fromkeys(listed))
    while len(unique) % 16:
        unique.append(f"<unused{len(unique) % 16}>")
    return unique


def build() -> PreTrainedTokenizerFast:
    """The tokenizer as a fast Hugging Face tokenizer that puts ``<s>`` before every text."""
    vocabulary = {token: i for i, token in enumerate(entries())}
    tokenizer = Tokenizer(
        models.WordPiece(
            vocabulary,
            unk_token="<unk>",
            continuing_subword_prefix="##",
            max_input_chars_per_word=64,
        )
    )
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex(r"\n|=>|\w+|[^\w\s]"), behavior="removed", invert=True
    )
    tokenizer.decoder = decoders.WordPiece(prefix="##", cleanup=False)
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A",
        pair="<s> $A $B",
        special_tokens=[("<s>", vocabulary["<s>"])],
    )
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIALS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        padding_side="left",
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
        model_input_names=["input_ids", "attention_mask"],
    )


def save(out: Path) -> None:
    """Write the tokenizer's files, under the class name that older releases know as well."""
    build().save_pretrained(out)
    path = out / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    settings["tokenizer_class"] = "PreTrainedTokenizerFast"
    settings.pop("backend", None)
    path.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n", encoding="utf-8")
