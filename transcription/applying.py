"""The lexicon in force, applied to one job's transcript. What breaks in it must not hold that up:
the text is then the engine's own, and the job tells why."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from django.db import InterfaceError, OperationalError

from lexicon.compiled import compiled
from lexicon.matching import Compiled
from lexicon.vocabulary import folded
from transcription.correcting import Corrected, as_heard, corrected
from transcription.models import Job
from transcription.stitching import Draft

logger = logging.getLogger(__name__)


class JobLexicon:
    """Making it ready may take seconds: do it while nobody waits. `version` and `problem` are for
    the job to keep; where nothing could be applied, there is a problem and no version."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.version, self.problem = "", ""
        self.compiled: Compiled | None = None
        try:
            self.version, self.compiled = compiled(job.api_key_id)
        except (OperationalError, InterfaceError):  # the database is away: all is done again
            raise
        except Exception as error:
            self._failed(error)

    def corrected(self, drafts: Sequence[Draft]) -> list[Corrected]:
        """Give it all of a recording: what stands elsewhere tells which words are meant."""
        if self.compiled is not None:
            try:
                own_script = bool(self.job.options.get("own_script") or self.job.script_policy)
                return corrected(drafts, self.compiled, self.job.languages, own_script)
            except Exception as error:
                self._failed(error)
        return [as_heard(draft) for draft in drafts]

    @property
    def languages_of_words(self) -> dict[str, str]:
        """Terms of one word, as tags are found by, and the language of each."""
        entries = self.compiled.entries if self.compiled is not None else ()
        return {
            folded(entry.text): entry.language
            for entry in entries
            if entry.language and " " not in entry.text
        }

    def _failed(self, error: Exception) -> None:
        logger.exception("The lexicon could not be applied to job %s", self.job.pk)
        self.version, self.compiled = "", None
        self.problem = (
            "The lexicon could not be applied, so the text is as the engine wrote it "
            f"({type(error).__name__}: {error}). Upload the recording again to have it applied."
        )
