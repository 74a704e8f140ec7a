"""Beat runs its tasks itself instead of sending them.

The sweep must go on when all workers are busy or dead: that is what it is for.
"""

from __future__ import annotations

import logging
from typing import Any

from celery import beat
from django.db import close_old_connections

logger = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        close_old_connections()
        try:
            self.app.tasks[entry.task](*entry.args, **entry.kwargs)
        except Exception:  # the database may be away: the next round tries again
            logger.exception("%s failed", entry.task)
        finally:
            close_old_connections()
