from __future__ import annotations

import hashlib
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import SkipFile, TemporaryFileUploadHandler


class BoundedUploadHandler(TemporaryFileUploadHandler):
    """Writes an upload straight to a file, but no more of it than may be taken.

    The rest is read and dropped, so that the browser gets an answer that says what was wrong
    instead of a broken connection. `size` of the file is what was sent, not what was kept. A file
    that was kept whole has its `sha256`, so that nobody need read it again for that.
    """

    chunk_size = 256 * 1024  # what is done once a chunk is felt in a large file

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        # the check of the CSRF token reads the form before the login is checked
        if self.request is None or not self.request.user.is_authenticated:
            raise SkipFile
        super().new_file(*args, **kwargs)
        self.digest = hashlib.sha256()
        self.hashed = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> Any:
        if start <= settings.MAX_UPLOAD_MB * 1_000_000:
            super().receive_data_chunk(raw_data, start)
            self.digest.update(raw_data)
            self.hashed += len(raw_data)

    def file_complete(self, file_size: int) -> Any:
        file: Any = super().file_complete(file_size)
        if self.hashed == file_size:
            file.sha256 = self.digest.hexdigest()
        return file
