from django.apps import AppConfig


class TranscriptionConfig(AppConfig):
    name = "transcription"

    def ready(self) -> None:
        from transcription import shutdowns  # registers its check

        assert shutdowns
