"""The words of the language: kinds, attributes, types, defaults, and the registry of extensions."""
