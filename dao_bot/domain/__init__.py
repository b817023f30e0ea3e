"""The words of the treasury: units, tokens, operations, calls, proposals, verdicts, errors. No I/O."""
