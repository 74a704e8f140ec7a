"""Curating the lexicon: the list and the form of terms (terms.py, forms.py), and the pages for
merging and importing (pages.py). Evidence and the trial of terms come from feedback/admin, which
knows of transcripts."""

from lexicon.admin.terms import TermAdmin

__all__ = ["TermAdmin"]
