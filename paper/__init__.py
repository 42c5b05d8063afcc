"""Pure vocabulary of a paper: item types, responses, scoring rules, package schema. No I/O."""
