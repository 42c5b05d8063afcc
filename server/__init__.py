"""The exam day, one room per part of it."""
