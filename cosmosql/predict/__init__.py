"""Evidence in, forecasts out: metric and cost of every candidate, each with its distribution.

Never imports `cosmosql.probes`; reads observations, writes nothing. numpy and scipy live here.
"""
