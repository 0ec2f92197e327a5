"""`strategy … using qlora`: LoRA over base weights in 4 bits."""

from cosmosql.extensions.strategies.lora import OPTIONS
from cosmosql.schema.fields import Extension

EXTENSION = Extension(
    kind="strategy",
    name="qlora",
    doc="LoRA over base weights in 4 bits (QLoRA, arXiv 2305.14314). Needs CUDA and bitsandbytes.",
    options=OPTIONS,
    implementation="cosmosql.extensions.strategies.fine_tuning:QLORA",
    extra="qlora",
)
