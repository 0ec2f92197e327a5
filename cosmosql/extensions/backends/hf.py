"""`model … using hf`: a causal language model in Hugging Face format, from a directory or a hub."""

from cosmosql.schema.fields import Extension, Field, FieldType

EXTENSION = Extension(
    kind="model",
    name="hf",
    doc="A causal language model in Hugging Face format. It runs on CUDA where there is a device, "
    "else on the CPU. Weights are read from safetensors files alone; code that comes with a "
    "checkpoint is not run unless `trust_remote_code` says so.",
    options=(
        Field(
            name="id",
            type=FieldType.PATH,
            hub=True,
            doc="A directory (relative to the declaring file) or, where no such directory exists, "
            "the id of a model on the hub.",
            required=True,
        ),
        Field(
            name="revision",
            type=FieldType.TEXT,
            doc="Branch, tag or commit of a model on the hub; the commit it resolves to is locked "
            "in the plan.",
        ),
        Field(
            name="trust_remote_code",
            type=FieldType.BOOLEAN,
            doc="Run the Python code that comes with the checkpoint when the model is loaded; "
            "`check`, `quote` and `show` never do. A model on the hub needs a full commit as "
            "`revision`; the code of a directory is part of its locked content.",
        ),
        Field(
            name="dtype",
            type=FieldType.WORD,
            doc="Precision of the weights; `auto`: float32 on the CPU, bfloat16 on CUDA.",
            default="auto",
            choices=("auto", "float32", "bfloat16", "float16"),
        ),
        Field(
            name="template",
            type=FieldType.WORD,
            doc="`auto`: prompts are wrapped in the tokenizer's chat template where it has one; "
            "`none`: they are plain text.",
            default="auto",
            choices=("auto", "none"),
        ),
        Field(
            name="context",
            type=FieldType.COUNT,
            doc="Tokens that prompt and answer may take together; left out: what the model's "
            "configuration says.",
            minimum=1,
        ),
        Field(
            name="parameters",
            type=FieldType.COUNT,
            doc="How many weights the model has, embeddings included.",
            fact=True,
            minimum=1,
        ),
        Field(
            name="licence",
            type=FieldType.TEXT,
            doc="SPDX id of the licence of the weights, or its name where SPDX has none.",
            fact=True,
        ),
    ),
    implementation="cosmosql.extensions.backends.huggingface.factory:FACTORY",
    extra="hf",
)
