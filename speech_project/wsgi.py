import gc
import os
import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speech_project.settings")
django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Django reads nothing of a body whose length nobody tells, as Node's clients send theirs
    (Transfer-Encoding: chunked). Where the web server ends the input itself, it may read on."""
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    if chunked and environ.get("wsgi.input_terminated") and not environ.get("CONTENT_LENGTH"):
        environ["CONTENT_LENGTH"] = str(sys.maxsize)
    return django(environ, start_response)


# all pages, or else the first who asks for one would wait for them
import_module(settings.ROOT_URLCONF)
# what is there from the start stays: looking through it again and again for what can be freed
# would take a good part of the time of a long page
gc.collect()
gc.freeze()
