"""gunicorn's settings that the product too goes by: `--config python:speech_project.web`."""

from speech_project.settings import WEB_THREADS as threads

__all__ = ["threads"]
