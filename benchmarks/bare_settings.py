"""The product's settings, with the views that it is compared with (bare_urls.py)."""

from speech_project.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare_urls"
