from django.apps import AppConfig


class FeedbackConfig(AppConfig):
    name = "feedback"

    def ready(self) -> None:
        from feedback.history import reviewed
        from transcription.history import told_by

        told_by(reviewed)
