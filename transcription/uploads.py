from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes an upload straight to a file, but no more of it than may be taken.

    The rest is read and dropped, so that the browser gets an answer that says what was wrong
    instead of a broken connection. `size` of the file is what was sent, not what was kept.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        # the check of the CSRF token reads the form before the login is checked
        if self.request is None or not self.request.user.is_authenticated:
            raise SkipFile
        super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        if start <= settings.MAX_UPLOAD_MB * 1_000_000:
            super().receive_data_chunk(raw_data, start)
