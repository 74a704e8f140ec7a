"""The lexicon's part of the API."""
