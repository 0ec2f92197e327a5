"""`strategy … using lora`: a low-rank adapter trained on the train rows."""

from cosmosql.schema.fields import Extension, Field, FieldType

OPTIONS = (
    Field(
        name="share",
        type=FieldType.RATIO,
        doc="Share of the train rows to learn from.",
        default=1.0,
        minimum=0.0001,
        maximum=1,
        sweepable=True,
    ),
    Field(
        name="epochs",
        type=FieldType.NUMBER,
        doc="Passes over the rows.",
        default=3.0,
        minimum=0.01,
        maximum=1_000,
        sweepable=True,
    ),
    Field(
        name="rank",
        type=FieldType.COUNT,
        doc="Rank of the adapter's matrices.",
        default=8,
        minimum=1,
        maximum=1_024,
        sweepable=True,
    ),
    Field(
        name="alpha",
        type=FieldType.COUNT,
        doc="Scale of the adapter: it is multiplied by alpha / rank.",
        default=16,
        minimum=1,
        sweepable=True,
    ),
    Field(
        name="dropout",
        type=FieldType.RATIO,
        doc="Share of the adapter's inputs that training leaves out.",
        default=0.0,
        minimum=0,
        maximum=0.9,
        sweepable=True,
    ),
    Field(
        name="learning_rate",
        type=FieldType.NUMBER,
        doc="Peak of the learning rate: up over the first tenth of the steps, then linearly down. "
        "Models far below a hundred million parameters learn best at up to 5e-3.",
        default=2e-4,
        minimum=0,
        maximum=1,
        sweepable=True,
    ),
    Field(
        name="batch_size",
        type=FieldType.COUNT,
        doc="Rows of one optimiser step.",
        default=16,
        minimum=1,
        maximum=100_000,
        sweepable=True,
    ),
)

EXTENSION = Extension(
    kind="strategy",
    name="lora",
    doc="Fine-tuning of low-rank adapters on all linear layers (LoRA, arXiv 2106.09685), asked "
    "zero-shot afterwards.",
    options=OPTIONS,
    implementation="cosmosql.extensions.strategies.fine_tuning:LORA",
    extra="hf",
)
