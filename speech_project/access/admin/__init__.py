"""API keys in admin, and the audit of what was done with them and without."""

from speech_project.access.admin.events import AuditEventAdmin
from speech_project.access.admin.keys import ApiKeyAdmin

__all__ = ["ApiKeyAdmin", "AuditEventAdmin"]
