from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "speech_project.webhooks"
    label = "webhooks"
    verbose_name = "Webhooks"
