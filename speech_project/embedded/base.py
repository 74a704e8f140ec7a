from typing import Any

from django.db.backends.postgresql import base

from speech_project import database


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        self.settings_dict["HOST"] = database.reach()
        return super().get_connection_params()
