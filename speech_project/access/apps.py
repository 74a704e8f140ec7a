from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "speech_project.access"
    label = "access"
    verbose_name = "Access"
