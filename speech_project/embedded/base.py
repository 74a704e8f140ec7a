from typing import Any

from speech_project import database
from speech_project.postgres import base


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        self.settings_dict["HOST"] = database.reach()
        return super().get_connection_params()
