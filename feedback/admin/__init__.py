"""What reviews bring to admin: the reviews themselves (reviews.py), their evidence and their word
on terms (terms.py), and what they suggest (candidates.py)."""

from feedback.admin import candidates, reviews, terms

__all__ = ["candidates", "reviews", "terms"]
