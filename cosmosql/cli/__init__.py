"""The command line: one file a command. Printing happens only here."""
