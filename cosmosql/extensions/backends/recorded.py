"""`model … using recorded`: answers that some model gave already, such as a service's logs."""

from cosmosql.schema.fields import Extension, Field, FieldType

EXTENSION = Extension(
    kind="model",
    name="recorded",
    doc="Answers that some model gave already, one JSON object a line: `id` (the row's, in the "
    "column that the dataset's `id` names) and `output`, with any of `logits` (an object: raw "
    "logit by option), `logprobs` (a list: log-probability of each token), `margin`, `confidence`, "
    "`correct`, `prompt_tokens`, `completion_tokens`, `cost_usd` and `latency_ms`. Planning with "
    "them loads no model and costs nothing. `using prompt` asks for them; what would change an "
    "answer (`icl`, `lora`) cannot be had of them.",
    options=(
        Field(
            name="source",
            type=FieldType.PATH,
            doc="The file, relative to this spec; packed with gzip where its name ends in `.gz`.",
            required=True,
        ),
        Field(
            name="strays",
            type=FieldType.WORD,
            doc="What an output is that is none of the options: `error`, or a `wrong` answer.",
            default="error",
            choices=("error", "wrong"),
        ),
        Field(
            name="costs",
            type=FieldType.WORD,
            doc="Where `cost` is declared: whether it counts, or what each answer's `cost_usd` "
            "says.",
            default="declared",
            choices=("declared", "recorded"),
        ),
    ),
    implementation="cosmosql.extensions.backends.recorded_answers:FACTORY",
    recorded=True,
)
