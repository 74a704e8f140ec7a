from __future__ import annotations

import io
import json
import re
from typing import IO, Any

from rest_framework import exceptions, status
from rest_framework.parsers import BaseParser, JSONParser

from speech_project.api.problems import Problem

# of the two escapes that a character beyond U+FFFF takes
HALF = re.compile(rb"\\u[dD][89a-fA-F]")
MOST_BYTES = 32 << 20  # the text of a whole day's speech is a tenth of it


class BoundedJSONParser(BaseParser):
    """Takes no more into memory than any request of the API needs, and no text that cannot be
    stored or told of. It is no JSONParser itself: to those the framework hands what Django takes
    of a form, which is less."""

    media_type = JSONParser.media_type

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None
    ) -> Any:
        content = stream.read(MOST_BYTES + 1)  # how much comes, not each client tells before
        if len(content) > MOST_BYTES:
            raise Problem(
                status.HTTP_413_REQUEST_ENTITY_TOO_LARGE,
                "too_large",
                f"This request has more than {MOST_BYTES >> 20} MiB of JSON. Send it in parts.",
            )
        try:
            data = JSONParser().parse(io.BytesIO(content), media_type, parser_context)
            if HALF.search(content):
                json.dumps(data, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise exceptions.ParseError(
                "This JSON holds half a character (U+D800 to U+DFFF)."
            ) from None
        return data
