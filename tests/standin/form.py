"""multipart/form-data, read strictly."""

import re
from dataclasses import dataclass, field
from email.message import Message
from email.parser import HeaderParser


@dataclass
class Form:
    """A form as sent: every value of every field in order, and the one file."""

    fields: dict[str, list[str]] = field(default_factory=dict)  # arrays keep their name's "[]"
    file_name: str = ""
    audio: bytes | None = None

    def one(self, name: str, default: str = "") -> str:
        return self.fields.get(name, [default])[-1]

    def all(self, name: str) -> list[str]:
        return self.fields.get(name, [])


def parse_form(content_type: str, body: bytes) -> Form:
    """The form in a request's body; ValueError for what is none."""
    boundary = re.fullmatch(r'multipart/form-data;\s*boundary="?([^";]+)"?', content_type.strip())
    if not boundary:
        raise ValueError("the body is not multipart/form-data")
    delimiter = b"--" + boundary[1].encode()
    first, *parts, last = (b"\r\n" + body).split(b"\r\n" + delimiter)
    if first or last.rstrip() != b"--":
        raise ValueError("the multipart body is cut off")
    form = Form()
    for part in parts:
        _add_part(form, part.removeprefix(b"\r\n"))
    return form


def _add_part(form: Form, part: bytes) -> None:
    head, separator, content = part.partition(b"\r\n\r\n")
    if not separator:
        raise ValueError("a part of the form has no headers")
    headers: Message = HeaderParser().parsestr(head.decode())
    name = headers.get_param("name", header="content-disposition")
    file_name = headers.get_filename()
    if not isinstance(name, str):
        raise ValueError("a part of the form has no name")
    if name == "file" and file_name:
        form.file_name, form.audio = file_name, content
    else:
        form.fields.setdefault(name, []).append(content.decode())
